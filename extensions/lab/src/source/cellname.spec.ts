import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellHash, hashCode } from './cellname.ts';

test('a cell is known by the file name that the kernel gave its code', () => {
  assert.equal(cellHash('/tmp/ipykernel_1234/3141592653.py'), 3141592653);
  assert.equal(cellHash('C:\\Temp\\ipykernel_1\\7.py'), 7);
  assert.equal(cellHash('/home/ana/model.py'), null);
});

test('the hash is the one that ipykernel makes', () => {
  // from ipykernel.compiler.murmur2_x86(text, 0xc70f6907)
  const known: [string, number][] = [
    ['', 3990065800],
    ['a', 2167009006],
    ['ab', 2805137849],
    ['abc', 3350977461],
    ['abcd', 804720481],
    ['abcde', 730143326],
    ['x = 1\nprint(x)', 4252719672],
    ['天元 = 1', 4078781810],
    ['import tengen as tg\nnet = tg.models.resnet18()\n', 1073201148]
  ];
  for (const [text, hash] of known) {
    assert.equal(hashCode(text), hash, text);
  }
});
