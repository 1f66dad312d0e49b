import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellsToRun, importedName, usingCell } from './source.ts';

const conversion = { name: 'net', code: 'net = tengen.jit.convert(net, x)' };

test('the framework is called as the notebook calls it', () => {
  assert.equal(importedName(['import numpy as np\nimport tengen as tg']), 'tg');
  assert.equal(importedName(['import os, tengen']), 'tengen');
  assert.equal(importedName(['from tengen import jit']), null);
  assert.equal(importedName(['import tengen.module as M']), null);
});

test('the line goes below the last definition that it needs', () => {
  const cells = ['import tengen as tg', 'net = Net()', 'x = tg.tensor([1.0])', 'net(x)'];
  assert.deepEqual(usingCell(cells, conversion), {
    code: 'net = tg.jit.convert(net, x)',
    after: 2
  });
});

test('a function is found by its def, and the import is added where none is', () => {
  const cells = ['def step(x):\n    return x', 'step(1)'];
  const made = usingCell(cells, { name: 'step', code: 'step = tengen.jit.convert(step, 1)' });
  assert.equal(made.after, 0);
  assert.match(made.code, /^import tengen\n/);
});

test('a changed class is made anew down to what was converted', () => {
  const cells = [
    'import tengen as tg',
    'class Net(M.Module):\n    def forward(self, x):\n        y = x\n        return y',
    'print(Net)',
    'net = Net()\nx = tg.ones((2, 2))',
    'other = 1',
    'def step(x):\n    return net(x)',
    'loss = step(x)'
  ];
  assert.deepEqual(cellsToRun(cells, 1, 'net'), [1, 3]);
  assert.deepEqual(cellsToRun(cells, 1, 'step'), [1, 3, 5]);
  assert.deepEqual(cellsToRun(cells, 5, 'step'), [5]);
});
