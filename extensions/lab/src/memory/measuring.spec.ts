import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sortedPoints } from './budget.ts';
import { type Answer, measureIn } from './measuring.ts';

const point = { budget: 7, peak: 6, ms: 5, measured: true };

/** A channel whose other end is the test. */
function channel() {
  const sent: object[] = [];
  const listeners = new Set<(answer: Answer) => void>();
  return {
    sent,
    listeners,
    send: (content: object) => void sent.push(content),
    on: (_: string, listener: (answer: Answer) => void) => void listeners.add(listener),
    off: (_: string, listener: (answer: Answer) => void) => void listeners.delete(listener),
    say: (answer: Answer) => [...listeners].forEach(listener => listener(answer))
  };
}

test('runs are asked for one by one until there is a point', async () => {
  const wire = channel();
  const found = measureIn(wire)(7, new AbortController().signal);
  wire.say({ number: 99, point });
  wire.say({ number: 1, point: null });
  assert.deepEqual(wire.sent, [
    { measure: 7, number: 1 },
    { measure: 7, number: 1 }
  ]);
  wire.say({ number: 1, point });
  assert.deepEqual(await found, point);
  assert.equal(wire.listeners.size, 0);
});

test('a cancelled measurement asks no more; a failed one says why', async () => {
  const wire = channel();
  const measure = measureIn(wire);
  const abort = new AbortController();
  const first = measure(7, abort.signal);
  abort.abort();
  await assert.rejects(first, /cancelled/);
  wire.say({ number: 1, point: null });
  assert.deepEqual(wire.sent, [{ measure: 7, number: 1 }, { cancel: 1 }]);
  const second = measure(8, new AbortController().signal);
  wire.say({ number: 2, error: 'ValueError: mine' });
  await assert.rejects(second, /ValueError: mine/);
  assert.equal(wire.listeners.size, 0);
});

test("a model's times take the scale of the nearest measured one", () => {
  const model = (budget: number, ms: number) => ({ budget, peak: budget, ms, measured: false });
  const points = [model(100, 12), model(200, 11), model(300, 10)];
  const real = { budget: 300, peak: 300, ms: 40, measured: true };
  const times = (more: object[]) =>
    sortedPoints({ points: [...points, ...(more as typeof points)] }).map(found => found.ms);
  assert.deepEqual(times([]), [12, 11, 10]);
  assert.deepEqual(times([real]), [48, 44, 40]);
  assert.deepEqual(times([real, { ...real, budget: 100, ms: 60 }]), [60, 55, 40]);
});
