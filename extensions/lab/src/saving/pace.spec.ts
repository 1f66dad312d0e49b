import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Pace } from './pace.ts';

function made(t: TestContext): [Pace, number[]] {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const saves: number[] = [];
  return [new Pace(() => saves.push(Date.now())), saves];
}

test('a change is saved when there was none for a while', t => {
  const [pace, saves] = made(t);
  pace.changed();
  t.mock.timers.tick(500);
  pace.changed();
  t.mock.timers.tick(799);
  assert.deepEqual(saves, []);
  t.mock.timers.tick(1);
  assert.deepEqual(saves, [1_300]);
});

test('who goes on typing is saved every three seconds', t => {
  const [pace, saves] = made(t);
  for (let typed = 0; typed < 70; typed++) {
    pace.changed();
    t.mock.timers.tick(100);
  }
  assert.deepEqual(saves, [3_000, 6_000]);
});

test('where saves are slow, they are rarer', t => {
  const [pace, saves] = made(t);
  pace.saved(600);
  pace.changed();
  t.mock.timers.tick(5_999);
  assert.deepEqual(saves, []);
  t.mock.timers.tick(1);
  assert.deepEqual(saves, [6_000]);
});

test('nothing is saved after a failure until a save succeeds, and then what was changed', t => {
  const [pace, saves] = made(t);
  pace.changed();
  pace.stop();
  pace.changed();
  t.mock.timers.tick(60_000);
  assert.deepEqual(saves, []);
  pace.saved(0);
  t.mock.timers.tick(60_000);
  assert.equal(saves.length, 1);
  pace.stop();
  pace.resume();
  t.mock.timers.tick(60_000);
  assert.equal(saves.length, 1, 'nothing was changed meanwhile');
});

test('a server that does not answer is asked again', t => {
  const [pace, saves] = made(t);
  pace.later(10_000);
  t.mock.timers.tick(10_000);
  assert.deepEqual(saves, [10_000]);
});
