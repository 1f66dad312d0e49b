import assert from 'node:assert/strict';
import test from 'node:test';
import { inOrder, joinOrder } from './order.ts';

function order(base: string, mine: string, theirs: string, kept: string): string {
  return joinOrder([...base], [...mine], [...theirs], new Set(kept)).join('');
}

test('what was inserted follows what it was inserted after', () => {
  assert.equal(order('abc', 'axbc', 'abyc', 'abcxy'), 'axbyc');
  assert.equal(order('ab', 'xab', 'yab', 'abxy'), 'yxab');
  assert.equal(order('ab', 'ab', 'abyz', 'abyz'), 'abyz');
});

test('whoever has moved cells has the say, this side if both have', () => {
  assert.equal(order('abc', 'abxc', 'cab', 'abcx'), 'cabx');
  assert.equal(order('abc', 'bac', 'abyc', 'abcy'), 'byac');
  assert.equal(order('abc', 'bac', 'cab', 'abc'), 'bac');
});

test('what is not kept is left out, and what follows it goes before it', () => {
  assert.equal(order('abc', 'abc', 'ac', 'ac'), 'ac');
  assert.equal(order('abc', 'ac', 'abyc', 'acy'), 'ayc');
  assert.equal(order('', 'x', 'y', 'xy'), 'yx');
});

test('the fewest cells are moved', () => {
  assert.deepEqual([...inOrder([1, 2, 3])].sort(), [0, 1, 2]);
  assert.deepEqual([...inOrder([3, 0, 1, 2])].sort(), [1, 2, 3]);
  assert.deepEqual([...inOrder([1, 2, 3, 0])].sort(), [0, 1, 2]);
  assert.deepEqual([...inOrder([])], []);
});
