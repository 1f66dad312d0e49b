import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemoryDocument } from '../api/documents.ts';
import { trainingStep } from './fixture.ts';
import { MemoryModel } from './model.ts';

const step = trainingStep(8);

async function full(documents: MemoryDocument[] = [step]): Promise<MemoryModel> {
  const model = new MemoryModel({ load: () => Promise.resolve({ documents }) });
  await model.load();
  return model;
}

test('loading leads to full, with the cursor on the peak', async () => {
  const model = await full();
  assert.equal(model.state.kind, 'full');
  assert.equal(model.cursor, model.activeTimeline?.peak.time);
  assert.equal(model.explanation?.bytes, model.activeTimeline?.peak.bytes);
});

test('no blocks is empty, and an unreadable document an error that a retry recovers', async () => {
  const none = { ...step, blocks: { ...step.blocks, count: 0 } };
  assert.equal((await full([none])).state.kind, 'empty');
  const broken = { ...step, blocks: { ...step.blocks, count: 7 } };
  let document = broken;
  const model = new MemoryModel({ load: () => Promise.resolve({ documents: [document] }) });
  await model.load();
  assert.match(String(model.state.kind === 'error' && model.state.error), /should hold 7 numbers/);
  document = step;
  await model.load();
  assert.equal(model.state.kind, 'full');
});

test('an overtaken answer is dropped', async () => {
  const answers: ((documents: MemoryDocument[]) => void)[] = [];
  const model = new MemoryModel({
    load: () => new Promise(resolve => answers.push(documents => resolve({ documents })))
  });
  const older = model.load();
  const newer = model.load();
  answers[1]?.([step]);
  await newer;
  answers[0]?.([]);
  await older;
  assert.equal(model.state.kind, 'full');
});

test('one moment in two runs is found by their marks', async () => {
  const model = await full([step, trainingStep(8, 'recompute')]);
  const mark = (index: number, name: string): number =>
    model.tracks[index]?.timeline.document.marks?.find(m => m.name === name)?.time ?? -1;
  for (const name of ['forward', 'backward', 'optimizer']) {
    assert.equal(model.tracks[1]?.fromReference(mark(0, name)), mark(1, name));
    assert.equal(model.tracks[1]?.toReference(mark(1, name)), mark(0, name));
  }
  model.goToPeak(1);
  assert.equal(model.explanation?.bytes, model.tracks[1]?.timeline.peak.bytes);
});

test('stepping goes from event to event, and neighbours from address to address', async () => {
  const model = await full();
  model.moveCursor(5);
  model.stepCursor(1);
  assert.equal(model.cursor, 6);
  model.stepCursor(-1);
  assert.equal(model.cursor, 5);
  model.selectNeighbour(1);
  model.selectNeighbour(1);
  const address = model.activeTimeline?.address[model.selected?.block ?? -1] ?? -1;
  assert.ok(address > 0);
});

test('what is not shown is told, until something else is shown', () => {
  const model = new MemoryModel({ load: () => Promise.resolve({ documents: [] }) });
  model.show({ documents: [step], notes: ['Only the dynamic run is shown.'] });
  assert.deepEqual(model.notes, ['Only the dynamic run is shown.']);
  model.show({ documents: [step] });
  assert.deepEqual(model.notes, []);
});

test('hidden kinds leave the curve', async () => {
  const model = await full();
  model.toggle('parameter');
  assert.equal(model.hiddenMask(0), 1);
  model.toggle('parameter');
  assert.equal(model.hiddenMask(0), 0);
});
