import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileChange, FileDiff } from '../api/types.ts';
import { CompareModel, changedPart, lineRows } from './compare.ts';

const change = (path: string): FileChange => ({
  path,
  old_path: null,
  status: 'changed',
  old_size: 1,
  new_size: 2
});
const diff = (path: string): FileDiff => ({ path, kind: 'text' }) as FileDiff;
const newest = (): Promise<number> => Promise.resolve(2);
const page = (...paths: string[]) => ({
  from_version: 1,
  to_version: 2,
  items: paths.map(change),
  next: null
});

test('the first file is shown, another on demand, and it stays chosen', async () => {
  const model = new CompareModel(
    {
      changes: () => Promise.resolve(page('a', 'b')),
      file: (_, path) => Promise.resolve(diff(path)),
      newest
    },
    { from: 1, to: 2 },
    2
  );
  await model.load();
  assert.equal(model.path, 'a');
  await model.choose(change('b'));
  assert.equal(model.file.kind === 'full' && model.file.diff.path, 'b');
  await model.compare({ from: 1, to: 3 });
  assert.equal(model.path, 'b');
});

test('the same, a failure of the list and a failure of a file are told apart', async () => {
  const same = new CompareModel(
    { changes: () => Promise.resolve(page()), file: () => Promise.reject(new Error()), newest },
    {},
    2
  );
  await same.load();
  assert.equal(same.state.kind, 'empty');
  const broken = new CompareModel(
    {
      changes: () => Promise.reject(new Error('no')),
      file: () => Promise.reject(new Error()),
      newest
    },
    {},
    2
  );
  await broken.load();
  assert.equal(broken.state.kind, 'error');
  const half = new CompareModel(
    {
      changes: () => Promise.resolve(page('a')),
      file: () => Promise.reject(new Error('no')),
      newest
    },
    {},
    2
  );
  await half.load();
  assert.equal(half.state.kind, 'full');
  assert.equal(half.file.kind, 'error');
});

test('read again, it shows what is there now, and until then what was', async () => {
  let version = 2;
  let text = 'before';
  const model = new CompareModel(
    {
      changes: () => Promise.resolve(page('a', 'b')),
      file: (_, path) =>
        Promise.resolve({
          ...diff(path),
          metadata: [{ old_start: 1, new_start: 1, lines: [text] }]
        }),
      newest: () => Promise.resolve(version)
    },
    { from: 1, folder: true },
    2
  );
  await model.load();
  await model.choose(change('b'));
  [version, text] = [3, 'after'];
  const states = new Set<string>();
  model.changed.connect(() => states.add(`${model.state.kind} ${model.file.kind}`));
  await model.refresh();
  assert.deepEqual([...states], ['full full']);
  assert.equal(model.newest, 3);
  assert.equal(model.path, 'b');
  assert.equal(model.file.kind === 'full' && model.file.diff.metadata[0]?.lines[0], 'after');
});

test('an overtaken comparison is dropped', async () => {
  const answers: ((value: ReturnType<typeof page>) => void)[] = [];
  const model = new CompareModel(
    {
      changes: () => new Promise(resolve => answers.push(resolve)),
      file: (_, path) => Promise.resolve(diff(path)),
      newest
    },
    { from: 1 },
    2
  );
  const older = model.load();
  const newer = model.compare({ from: 2 });
  answers[1]?.(page('new'));
  await newer;
  answers[0]?.(page('old'));
  await older;
  assert.equal(model.path, 'new');
});

test('removed lines stand beside those that were added for them', () => {
  const rows = lineRows({
    old_start: 4,
    new_start: 6,
    lines: [' same', '-one', '-two', '+eins', ' end', '+new']
  });
  assert.deepEqual(
    rows.map(row => [row.status, row.old?.number, row.new?.number]),
    [
      ['same', 4, 6],
      ['changed', 5, 7],
      ['removed', 6, undefined],
      ['same', 7, 8],
      ['added', undefined, 9]
    ]
  );
});

test('of a changed line the part that differs is known', () => {
  assert.deepEqual(changedPart('lr = 0.1', 'lr = 0.01'), [7, 7, 8]);
  assert.deepEqual(changedPart('same', 'same'), [4, 4, 4]);
  assert.deepEqual(changedPart('aa', 'aaa'), [2, 2, 3]);
  assert.deepEqual(changedPart('', 'x'), [0, 0, 1]);
});
