import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCuts, findRepeats, MOST_SIBLINGS } from './folding.ts';

test('repeats are found by their shortest period', () => {
  const few = () => 3;
  assert.deepEqual(findRepeats([1, 2, 1, 2, 1, 2, 9], few), [{ start: 0, period: 2, times: 3 }]);
  assert.deepEqual(findRepeats([7, 5, 5, 5, 5, 8], few), [{ start: 1, period: 1, times: 4 }]);
  assert.deepEqual(findRepeats([1, 1, 2, 2, 3, 3], few), []);
  assert.deepEqual(
    findRepeats([1, 1, 1], () => 4),
    []
  );
});

test('cuts keep parts small and avoid edges', () => {
  const cuts = findCuts(1000, () => 0);
  assert.equal(cuts[0], 0);
  cuts.forEach((start, i) => assert.ok((cuts[i + 1] ?? 1000) - start <= 1.5 * MOST_SIBLINGS));
  const cheap = findCuts(64, before => (before === 19 ? 0 : 5));
  assert.ok(cheap.includes(19), String(cheap));
});
