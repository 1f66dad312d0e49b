import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { About, Template } from '../api/types.ts';
import { HomeModel, type Source } from './model.ts';

const about: About = {
  version: '1',
  python: '3',
  jupyterlab: '4',
  kernels: { onednn: null, numba: null, cupy: null },
  machine: { cpus: 2, gpus: [], memory_bytes: null, disk_free_bytes: 1, disk_total_bytes: 2 }
};
const text = { en: 'First', zh: '第一' };
const first: Template = { slug: 'first', title: text, description: text, picture: '<svg/>' };

function source(changes: Partial<Source> = {}): Source {
  return {
    templates: () => Promise.resolve([first]),
    about: () => Promise.resolve(about),
    copy: slug => Promise.resolve({ directory: slug, notebook: `${slug}/a.ipynb` }),
    ...changes
  };
}

test('loading leads to full, and each change is told', async () => {
  const model = new HomeModel(source());
  const kinds: string[] = [];
  model.changed.connect(() => kinds.push(model.state.kind));
  await model.load();
  assert.deepEqual(kinds, ['loading', 'full']);
  assert.equal(model.template('first'), first);
  assert.equal(model.template('absent'), undefined);
});

test('no templates is empty, not an error', async () => {
  const model = new HomeModel(source({ templates: () => Promise.resolve([]) }));
  await model.load();
  assert.equal(model.state.kind, 'empty');
});

test('a failure keeps its reason, and a retry recovers', async () => {
  let failing = true;
  const flaky = source({
    about: () => (failing ? Promise.reject(new Error('gone')) : Promise.resolve(about))
  });
  const model = new HomeModel(flaky);
  await model.load();
  assert.equal(model.state.kind === 'error' && String(model.state.error), 'Error: gone');
  failing = false;
  await model.load();
  assert.equal(model.state.kind, 'full');
});

test('an overtaken answer is dropped', async () => {
  const answers: ((templates: Template[]) => void)[] = [];
  const slow = source({ templates: () => new Promise(resolve => answers.push(resolve)) });
  const model = new HomeModel(slow);
  const older = model.load();
  const newer = model.load();
  answers[1]?.([first]);
  await newer;
  answers[0]?.([]);
  await older;
  assert.equal(model.state.kind, 'full');
});

test('only one copy at a time, and a failed one frees the way', async () => {
  let finish: (() => void) | undefined;
  const model = new HomeModel(
    source({
      copy: () => new Promise((_, reject) => (finish = () => reject(new Error('disk full'))))
    })
  );
  const copying = model.start('first', '');
  assert.equal(model.starting, 'first');
  assert.equal(await model.start('first', ''), null);
  finish?.();
  await assert.rejects(copying, /disk full/);
  assert.equal(model.starting, null);
});
