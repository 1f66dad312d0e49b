import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barWidths, formatCost, formatDifference } from './figures.ts';

test('differences are short, and unbounded ones say so', () => {
  assert.equal(formatDifference(3.2e-7), '3e-7');
  assert.equal(formatDifference(0), '0');
  assert.equal(formatDifference(null), '∞');
});

test('costs carry their unit', () => {
  assert.equal(formatCost(412.3, 'ms'), '412 ms');
  assert.equal(formatCost(1.234, 'ms'), '1.2 ms');
  assert.equal(formatCost(2500, 'ms'), '2.50 s');
  assert.equal(formatCost(1_640_000_000, 'bytes'), '1.6 GB');
});

test('bars are measured against the larger figure', () => {
  assert.deepEqual(barWidths({ what: '', unit: 'ms', before: 4, after: 1 }), [100, 25]);
});
