import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingStep } from './fixture.ts';
import { MemoryModel } from './model.ts';

function full(): MemoryModel {
  const model = new MemoryModel({ load: () => Promise.resolve({ documents: [] }) });
  model.show({ documents: [trainingStep(8)] });
  return model;
}

test('sorting goes by number or by name, and turns round', () => {
  const model = full();
  model.listing.setScope('all');
  const bytes = (): number[] =>
    Array.from(model.listing.rows, row => model.activeTimeline?.bytes[row] ?? 0);
  assert.deepEqual(
    bytes(),
    bytes().sort((a, b) => b - a)
  );
  model.listing.sortBy('bytes');
  assert.deepEqual(
    bytes(),
    bytes().sort((a, b) => a - b)
  );
  model.listing.sortBy('tensor');
  const names = Array.from(model.listing.rows, row => model.activeTimeline?.tensorOf(row) ?? '');
  assert.deepEqual(names, [...names].sort(new Intl.Collator('en', { numeric: true }).compare));
});

test('a search brings some blocks into focus and into the table', () => {
  const model = full();
  const before = model.listing.rows.length;
  model.focus.setSearch('STAGE0.3');
  const names = Array.from(model.listing.rows, row => model.activeTimeline?.originOf(row).module);
  assert.ok(names.length > 0 && names.length < before);
  assert.ok(names.every(name => name === 'stage0.3'));
  model.focus.setSearch('');
  assert.equal(model.focus.of(0), null);
});
