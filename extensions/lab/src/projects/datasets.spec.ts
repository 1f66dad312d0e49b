import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DatasetEntry, Preview } from '../api/types.ts';
import { type DatasetSource, DatasetsModel } from './datasets.ts';

function entry(id: string, state = 'ready', progress = 1): DatasetEntry {
  return {
    id,
    name: id,
    version: '1',
    description: '',
    licence: '',
    kind: 'folder',
    source: id,
    sha256: null,
    files: 1,
    bytes: 10,
    state,
    message: '',
    progress,
    created: '2026-11-20T10:00:00+00:00'
  };
}

const PREVIEW = { path: 'a.csv', kind: 'table' } as Preview;

function source(change: Partial<DatasetSource> = {}): DatasetSource {
  return {
    list: () => Promise.resolve({ items: [entry('a')], next: null }),
    register: () => Promise.resolve(entry('b')),
    forget: () => Promise.resolve(),
    preview: () => Promise.resolve(PREVIEW),
    mount: () => Promise.resolve(),
    pause: () => Promise.resolve(),
    ...change
  };
}

test('the list is loading, then full, empty or an error', async () => {
  const model = new DatasetsModel(source());
  assert.equal(model.state.kind, 'loading');
  await model.load();
  assert.equal(model.state.kind, 'full');
  const empty = new DatasetsModel(
    source({ list: () => Promise.resolve({ items: [], next: null }) })
  );
  await empty.find('x');
  assert.deepEqual(empty.state, { kind: 'empty', filtered: true });
  const failed = new DatasetsModel(source({ list: () => Promise.reject(new Error('no')) }));
  await failed.load();
  assert.equal(failed.state.kind, 'error');
});

test('files that are taken in are watched until they are here', async () => {
  const rounds = [entry('a', 'copying', 0.3), entry('a', 'copying', 0.8), entry('a')];
  let asked = 0;
  const model = new DatasetsModel(
    source({
      list: () =>
        Promise.resolve({ items: [rounds[Math.min(asked++, 2)] as DatasetEntry], next: null })
    })
  );
  await model.load();
  await new Promise<void>(resolve =>
    model.changed.connect(() => {
      if (model.state.kind === 'full' && model.state.items[0]?.state === 'ready') {
        resolve();
      }
    })
  );
  assert.equal(asked, 3);
});

test('a refusal is kept with its reason and the list is loaded anew', async () => {
  const refusal = new Error('The checksum differs.');
  const model = new DatasetsModel(source({ register: () => Promise.reject(refusal) }));
  assert.equal(await model.register({ name: 'b', kind: 'folder', source: 'b' }), false);
  assert.equal(model.failure, refusal);
  assert.equal(model.state.kind, 'full');
  assert.equal(await model.mount('a'), true);
  assert.equal(model.failure, null);
  assert.equal(model.mounted('a'), true);
});

test('a preview is shown, hidden again, and an overtaken one is dropped', async () => {
  const waiting: ((preview: Preview) => void)[] = [];
  const model = new DatasetsModel(
    source({ preview: () => new Promise(resolve => waiting.push(resolve)) })
  );
  const first = model.look('a');
  const second = model.look('b');
  waiting[0]?.(PREVIEW);
  await first;
  assert.deepEqual(model.preview, { kind: 'loading', id: 'b' });
  waiting[1]?.(PREVIEW);
  await second;
  assert.equal(model.preview.kind, 'full');
  await model.look('b');
  assert.equal(model.preview.kind, 'none');
});
