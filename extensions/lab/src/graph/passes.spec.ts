import assert from 'node:assert/strict';
import { test } from 'node:test';
import { document, node } from './fixture.ts';
import { afterPasses, earliest, madeBy } from './passes.ts';

const recorded = [node('a', 'conv', ['x']), node('b', 'relu', ['a'])];
const fused = [node('ab', 'conv_relu', ['x'])];
const compiled = document(fused, {
  outputs: ['ab'],
  passes: [
    { name: 'lost' },
    { name: 'fuse', before: { remove: ['ab'], add: recorded, outputs: ['b'] } },
    { name: 'nothing', before: {} }
  ]
});

test('passes are taken back one by one, as far as their graphs were kept', () => {
  assert.equal(earliest(compiled), 1);
  assert.deepEqual(afterPasses(compiled, 3), compiled);
  assert.deepEqual(afterPasses(compiled, 2).nodes, fused);
  const first = afterPasses(compiled, 1);
  assert.deepEqual(first.nodes, recorded);
  assert.deepEqual(first.outputs, ['b']);
  assert.throws(() => afterPasses(compiled, 0), /before pass 1 was not kept/);
});

test('a pass tells what it made', () => {
  assert.deepEqual(madeBy(compiled, 1), { made: new Set(['ab']), gone: 2 });
  assert.deepEqual(madeBy(compiled, -1), { made: new Set(), gone: 0 });
});
