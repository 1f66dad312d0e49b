import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mount, ReproductionEntry } from '../api/types.ts';
import { UpkeepModel, type UpkeepSource } from './upkeep.ts';

function run(id: string, state: ReproductionEntry['state']): ReproductionEntry {
  return {
    id,
    version: 2,
    state,
    message: '',
    step: '',
    progress: 0.5,
    created: '2026-11-20T10:00:00+00:00',
    finished: null,
    report: null
  };
}

function source(change: Partial<UpkeepSource> = {}): UpkeepSource {
  return {
    mounts: () => Promise.resolve([]),
    runs: () => Promise.resolve([]),
    pause: () => Promise.resolve(true),
    ...change
  };
}

test('a project is followed, and an answer for another one is dropped', async () => {
  const waiting: ((mounts: Mount[]) => void)[] = [];
  const model = new UpkeepModel(
    source({ mounts: () => new Promise(resolve => waiting.push(resolve)) })
  );
  const first = model.follow('a');
  const second = model.follow('b');
  waiting[1]?.([{ name: 'digits' } as Mount]);
  await second;
  waiting[0]?.([]);
  await first;
  assert.deepEqual(model.mounts.kind === 'full' && model.mounts.items.map(({ name }) => name), [
    'digits'
  ]);
});

test('a run that goes on is asked for until it has ended, while somebody looks', async () => {
  const states: ReproductionEntry['state'][] = ['running', 'running', 'agreed'];
  let asked = 0;
  let looks = 0;
  const ended = new Promise<void>(resolve => {
    const model = new UpkeepModel(
      source({
        runs: () => Promise.resolve([run('r', states[Math.min(asked++, 2)] ?? 'lost')]),
        pause: () => Promise.resolve(looks++ > 0)
      })
    );
    model.changed.connect(() => {
      if (model.badge) {
        assert.equal(model.running, null);
        resolve();
      }
    });
    void model.follow('a');
  });
  await ended;
  assert.equal(asked, 3);
  assert.equal(looks, 3);
});

test('the badge is the latest judgement, not the latest run', async () => {
  const model = new UpkeepModel(
    source({ runs: () => Promise.resolve([run('2', 'failed'), run('1', 'differed')]) })
  );
  await model.follow('a');
  assert.equal(model.badge?.id, '1');
});

test('one list may fail while the other is shown', async () => {
  const model = new UpkeepModel(source({ mounts: () => Promise.reject(new Error('no')) }));
  await model.follow('a');
  assert.equal(model.mounts.kind, 'error');
  assert.equal(model.runs.kind, 'full');
});
