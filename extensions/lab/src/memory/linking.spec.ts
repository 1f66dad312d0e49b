import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FocusBus, type Place } from '../source/focus.ts';
import { trainingStep } from './fixture.ts';
import { linkMemory } from './linking.ts';
import { MemoryModel } from './model.ts';

async function linked(): Promise<{ model: MemoryModel; bus: FocusBus; told: (Place | null)[] }> {
  const documents = [trainingStep(8), trainingStep(8, 'static')];
  const model = new MemoryModel({ load: () => Promise.resolve({ documents }) });
  const bus = new FocusBus(new EventTarget());
  const told: (Place | null)[] = [];
  bus.listen({}, place => told.push(place));
  linkMemory(model, bus);
  await model.load();
  return { model, bus, told };
}

test('loading tells nothing; a block and a moment do', async () => {
  const { model, told } = await linked();
  assert.equal(told.length, 0);
  const timeline = model.activeTimeline;
  const block = timeline?.byBirth[20] ?? 0;
  model.select({ track: 0, block });
  assert.equal(told.at(-1)?.op, timeline?.originOf(block).op);
  model.moveCursor(5);
  assert.equal(told.at(-1)?.op, timeline?.runningAt(5)?.op);
  model.select(null);
  assert.equal(told.at(-1), null);
  assert.equal(told.length, 3);
});

test('what others choose lights up in every record and leaves the table alone', async () => {
  const { bus, model } = await linked();
  const rows = model.listing.rows.length;
  const origin = model.activeTimeline?.document.origins[3];
  assert.ok(origin);
  bus.tell({}, { op: origin.op, module: origin.module ?? '' });
  const lit = model.focus.linkedSum(0);
  assert.ok(lit.blocks > 0 && lit.bytes > 0);
  assert.ok(lit.blocks < (model.activeTimeline?.count ?? 0));
  assert.equal(model.focus.of(0), model.focus.linked(0));
  assert.ok(model.focus.linkedSum(1).blocks > 0);
  assert.equal(model.listing.rows.length, rows);
  model.focus.setSearch('relu');
  assert.notEqual(model.focus.of(0), model.focus.linked(0));
  bus.tell({}, { op: 'nothing', module: 'nowhere' });
  assert.equal(model.focus.linked(0), null);
  model.focus.setSearch('');
  assert.equal(model.focus.of(0), null);
});
