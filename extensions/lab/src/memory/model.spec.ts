import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BudgetPoint, MemoryDocument } from '../api/documents.ts';
import { trainingStep } from './fixture.ts';
import { type Measure, MemoryModel } from './model.ts';

const step = trainingStep(8);

async function full(documents: MemoryDocument[] = [step], measure?: Measure): Promise<MemoryModel> {
  const point = (budget: number, ms: number): BudgetPoint => ({
    budget,
    peak: budget,
    ms,
    measured: true
  });
  const curve = { points: [point(100, 30), point(200, 20)], chosen: 150 };
  const model = new MemoryModel({
    load: () => Promise.resolve({ documents, curve }),
    ...(measure && { measure })
  });
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

test('the window stays inside the step and keeps its point under the pointer', async () => {
  const model = await full();
  model.zoomBy(0.25, 10);
  const { from, to } = model.window;
  assert.ok(Math.abs((10 - from) / (to - from) - 10 / step.stop) < 1e-9);
  model.pan(100);
  assert.equal(model.window.to, step.stop);
  model.zoomTo(-5, 1e9);
  assert.deepEqual(model.window, { from: 0, to: step.stop });
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

test('a search brings some blocks into focus and into the table', async () => {
  const model = await full();
  const before = model.rows.length;
  model.setSearch('STAGE0.3');
  const names = Array.from(model.rows, row => model.activeTimeline?.originOf(row).module);
  assert.ok(names.length > 0 && names.length < before);
  assert.ok(names.every(name => name === 'stage0.3'));
  model.setSearch('');
  assert.equal(model.focusOf(0), null);
});

test('sorting goes by number or by name, and turns round', async () => {
  const model = await full();
  model.setScope('all');
  const bytes = (): number[] =>
    Array.from(model.rows, row => model.activeTimeline?.bytes[row] ?? 0);
  assert.deepEqual(
    bytes(),
    bytes().sort((a, b) => b - a)
  );
  model.sortBy('bytes');
  assert.deepEqual(
    bytes(),
    bytes().sort((a, b) => a - b)
  );
  model.sortBy('tensor');
  const names = Array.from(model.rows, row => model.activeTimeline?.tensorOf(row) ?? '');
  assert.deepEqual(names, [...names].sort(new Intl.Collator('en', { numeric: true }).compare));
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

test('a measured point joins the curve; a cancelled one does not; a failure is told', async () => {
  const runs: [(point: BudgetPoint) => void, (reason: Error) => void][] = [];
  const model = await full([step], () => new Promise((...run) => runs.push(run)));
  const first = model.measure();
  assert.equal(model.measuring, 150);
  runs[0]?.[0]({ budget: 150, peak: 140, ms: 24, measured: true });
  await first;
  assert.equal(model.curve?.points.length, 3);
  const second = model.measure();
  model.cancelMeasure();
  runs[1]?.[0]({ budget: 150, peak: 140, ms: 24, measured: true });
  await second;
  assert.equal(model.curve?.points.length, 3);
  const third = model.measure();
  runs[2]?.[1](new Error('out of memory'));
  await third;
  assert.match(String(model.failure), /out of memory/);
  assert.equal(model.measuring, null);
});
