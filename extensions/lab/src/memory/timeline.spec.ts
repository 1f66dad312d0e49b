import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeColumn, encodeColumn } from './columns.ts';
import { expectedAt, slowdown, sortedPoints } from './budget.ts';
import { explain } from './explain.ts';
import { largestBatch, peakAt } from './fit.ts';
import { trainingStep } from './fixture.ts';
import { formatMs, formatShare, formatSize, ticks } from './format.ts';
import { sortedRows } from './order.ts';
import { Raster } from './raster.ts';
import { Timeline } from './timeline.ts';

/** What a document says, counted block by block. */
function held(timeline: Timeline, time: number): number {
  let sum = 0;
  for (let block = 0; block < timeline.count; block++) {
    const born = timeline.birth[block] as number;
    const dies = timeline.death[block] as number;
    sum += born <= time && time < dies ? (timeline.bytes[block] as number) : 0;
  }
  return sum;
}

const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);

test('columns come back as they went, in the narrowest type', () => {
  const cases: [number[], string][] = [
    [[0, 255], 'u8'],
    [[0, 256], 'u16'],
    [[1, 65536], 'u32'],
    [[1, 2 ** 40], 'f64'],
    [[-1, 4], 'f64'],
    [[], 'u8']
  ];
  for (const [values, type] of cases) {
    const column = encodeColumn(values);
    assert.equal(column.type, type);
    assert.deepEqual([...decodeColumn(column, values.length, 'x')], values);
  }
  assert.throws(() => decodeColumn(encodeColumn([1, 2]), 3, 'bytes'), /"bytes" should hold 3/);
});

test('sorting is stable and takes any whole numbers', () => {
  const keys = Array.from({ length: 5000 }, (_, row) => ((row * 7919) % 4999) * 2 ** 30 - 2 ** 40);
  const want = keys
    .map((key, row) => [key, row] as const)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  assert.deepEqual(
    [...sortedRows(keys)],
    want.map(([, row]) => row)
  );
  assert.deepEqual([...sortedRows([3, 1, 2, 1], Uint32Array.of(3, 0, 1))], [3, 1, 0]);
});

test('totals and peak are those of counting block by block', () => {
  for (const kind of ['dynamic', 'static', 'recompute'] as const) {
    const timeline = new Timeline(trainingStep(20, kind));
    let most = 0;
    for (let time = timeline.start; time < timeline.stop; time++) {
      assert.equal(sum(timeline.totalsAt(time)), held(timeline, time));
      most = Math.max(most, held(timeline, time));
    }
    assert.equal(timeline.peak.bytes, most);
    assert.equal(held(timeline, timeline.peak.time), most);
  }
});

test('totals are right across many checkpoints', () => {
  const timeline = new Timeline(trainingStep(3000));
  for (const time of [0, 1, 4095, 4096, 6000, 9001, timeline.stop - 1]) {
    assert.equal(sum(timeline.totalsAt(time)), held(timeline, time));
  }
});

test('a span shows its fullest moment', () => {
  const timeline = new Timeline(trainingStep(20));
  const columns = 13;
  const { totals, when } = timeline.spans(5, 70, columns);
  for (let column = 0; column < columns; column++) {
    const from = 5 + (65 / columns) * column;
    const to = from + 65 / columns;
    let most = held(timeline, from);
    for (let time = Math.ceil(from); time < to; time++) {
      most = Math.max(most, held(timeline, time));
    }
    assert.equal(sum(totals.subarray(column * 6, column * 6 + 6)), most);
    assert.equal(held(timeline, when[column] as number), most);
  }
});

test('each pixel knows its block, and small blocks hide no large ones', () => {
  const timeline = new Timeline(trainingStep(20));
  const raster = new Raster(timeline.stop, 400);
  const inks = timeline.document.kinds.map((_, kind) => ({ face: kind + 1, edge: 99, faded: 50 }));
  const span = { from: 0, to: timeline.stop, low: 0, high: timeline.top };
  const style = { inks, ground: 7, hidden: 0, focus: null };
  assert.equal(raster.draw(timeline, span, style), timeline.count);
  for (let x = 0; x < raster.width; x += 3) {
    for (let y = 0; y < raster.height; y += 5) {
      const block = raster.picks[y * raster.width + x] as number;
      if (block < 0) {
        assert.equal(raster.pixels[y * raster.width + x], 7);
        continue;
      }
      const low = ((400 - y - 1) / 400) * timeline.top - timeline.top / 400;
      const high = ((400 - y) / 400) * timeline.top + timeline.top / 400;
      const base = timeline.address[block] as number;
      assert.ok(base < high && base + (timeline.bytes[block] as number) > low);
      assert.ok((timeline.birth[block] as number) <= x && x < (timeline.death[block] as number));
    }
  }
  raster.draw(timeline, span, { ...style, hidden: 0b111111 });
  assert.ok(raster.picks.every(block => block === -1));
  assert.equal(raster.pick(10, 10), -1);
});

test('the peak is explained by module and by what could be freed', () => {
  const timeline = new Timeline(trainingStep(16));
  const found = explain(timeline, timeline.peak.time, 1);
  assert.equal(found.bytes, timeline.peak.bytes);
  assert.equal(
    found.groups.reduce((total, group) => total + group.bytes, 0),
    found.bytes
  );
  assert.deepEqual(found.groups.map(group => group.module).sort(), ['', 'stage0', 'stage1']);
  assert.equal(found.advice[0]?.what, 'recompute');
});

test('gradients that were there before the forward pass are named', () => {
  const document = trainingStep(4);
  const kinds = decodeColumn(document.blocks.kind, document.blocks.count, 'kind');
  const timeline = new Timeline({
    ...document,
    blocks: { ...document.blocks, kind: encodeColumn(kinds.map(k => (k === 3 ? 1 : k))) }
  });
  const advice = explain(timeline, 4, 1).advice;
  assert.ok(advice.some(({ what, bytes }) => what === 'stale-gradients' && bytes === 4 * 16384));
});

test('the peak for another batch is that of the step with that batch', () => {
  const timeline = new Timeline(trainingStep(12));
  assert.equal(peakAt(timeline, 8), timeline.peak.bytes);
  const at = (batch: number): number => peakAt(timeline, batch) ?? 0;
  assert.ok(at(16) > at(8) && at(8) > at(1));
  const largest = largestBatch(timeline, at(100)) ?? 0;
  assert.ok(at(largest) <= at(100) && at(largest + 1) > at(100));
  assert.equal(largestBatch(timeline, 10), 0);
  const silent = new Timeline({ ...timeline.document, batch: null });
  assert.equal(peakAt(silent, 16), null);
});

test('between budgets a straight line is expected, and measured points win', () => {
  const points = sortedPoints({
    points: [
      { budget: 200, peak: 200, ms: 10, measured: false },
      { budget: 100, peak: 90, ms: 20, measured: true },
      { budget: 200, peak: 190, ms: 12, measured: true },
      { budget: 200, peak: 1, ms: 1, measured: false }
    ]
  });
  assert.deepEqual(
    points.map(point => point.ms),
    [20, 12]
  );
  assert.deepEqual(expectedAt(points, 150), { budget: 150, peak: 140, ms: 16, measured: false });
  assert.equal(expectedAt(points, 50)?.ms, 20);
  assert.equal(expectedAt(points, 999)?.ms, 12);
  assert.equal(expectedAt([], 1), null);
  const first = points[0];
  assert.ok(first && Math.abs(slowdown(points, first) - 8 / 12) < 1e-9);
});

test('figures carry units', () => {
  assert.equal(formatSize(1.64e9), '1.64 GB');
  assert.equal(formatSize(999.6e6), '1.00 GB');
  assert.equal(formatSize(12), '12 B');
  assert.equal(formatSize(-2048), '−2.05 kB');
  assert.equal(formatShare(1, 1000), '<1%');
  assert.equal(formatShare(61, 100), '61%');
  assert.equal(formatMs(0.419), '0.42 ms');
  assert.equal(formatMs(3400), '3.40 s');
  assert.deepEqual(ticks(0, 10, 4), [0, 2.5, 5, 7.5, 10]);
  assert.deepEqual(ticks(3, 3, 4), [3]);
});
