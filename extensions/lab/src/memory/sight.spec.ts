import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingStep } from './fixture.ts';
import { Sight } from './sight.ts';
import { Timeline } from './timeline.ts';

const step = new Timeline(trainingStep(8));

function shown(): [Sight, { moves: number }] {
  const told = { moves: 0 };
  const sight = new Sight(() => (told.moves += 1));
  sight.show([step]);
  return [sight, told];
}

test('the window stays inside the step and keeps its point under the pointer', () => {
  const [sight, told] = shown();
  assert.equal(told.moves, 0);
  sight.zoomBy(0.25, 10);
  const { from, to } = sight.window;
  assert.ok(Math.abs((10 - from) / (to - from) - 10 / step.stop) < 1e-9);
  sight.pan(100);
  assert.equal(sight.window.to, step.stop);
  sight.zoomTo(-5, 1e9);
  assert.deepEqual(sight.window, { from: 0, to: step.stop });
  assert.equal(told.moves, 3);
});

test('addresses are zoomed about one of them, and all comes back', () => {
  const [sight] = shown();
  const whole = { ...sight.addresses };
  assert.equal(whole.high, step.top - step.bottom);
  const about = whole.high / 4;
  sight.zoomAddresses(0.5, about);
  const { low, high } = sight.addresses;
  assert.ok(Math.abs((about - low) / (high - low) - 0.25) < 1e-9);
  sight.panAddresses(-100);
  assert.equal(sight.addresses.low, 0);
  sight.fit();
  assert.deepEqual(sight.addresses, whole);
});

test('a time out of sight is brought into its middle, one in sight moves nothing', () => {
  const [sight, told] = shown();
  sight.zoomTo(0, step.stop / 10);
  const before = sight.window;
  sight.reveal(step.stop / 20);
  assert.deepEqual(sight.window, before);
  sight.reveal(step.stop / 2);
  const { from, to } = sight.window;
  assert.ok(Math.abs((from + to) / 2 - step.stop / 2) < 1e-9);
  assert.equal(told.moves, 1);
});
