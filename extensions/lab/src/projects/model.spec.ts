import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Project, ProjectPage, Version, VersionPage } from '../api/types.ts';
import { type ProjectSource, ProjectsModel } from './model.ts';

const usage = { stored: 0, quota: null, near: false };
const owner = { id: 'host', name: 'Host' };

function project(name: string, changes: Partial<Project> = {}): Project {
  return {
    id: name,
    name,
    slug: name,
    description: '',
    directory: name,
    missing: false,
    tags: [],
    visibility: 'private',
    licence: '',
    owner,
    role: 'owner',
    origin: null,
    version: 2,
    created: '2026-01-01T00:00:00Z',
    updated: '2026-01-01T00:00:00Z',
    archived: null,
    trashed: null,
    usage,
    ...changes
  };
}

const version = (number: number): Version => ({ id: String(number), number }) as Version;
const page = (...items: Project[]): ProjectPage => ({ items, next: null });

function source(changes: Partial<ProjectSource> = {}): ProjectSource {
  return {
    projects: () => Promise.resolve(page(project('a'), project('b'))),
    tags: () => Promise.resolve(['vision']),
    project: id => Promise.resolve(project(id)),
    versions: () => Promise.resolve({ items: [version(2), version(1)], next: null }),
    unsaved: () => Promise.resolve({ from_version: 2, to_version: null, items: [], next: null }),
    ...changes
  };
}

test('the list loads with its tags, and a page after it', async () => {
  const pages = [
    { items: [project('a')], next: 'a' },
    { items: [project('b')], next: null }
  ];
  const model = new ProjectsModel(
    source({ projects: ({ after }) => Promise.resolve(pages[after ? 1 : 0] as ProjectPage) })
  );
  await model.load();
  await model.loadMore();
  await model.loadMore();
  const names = model.list.kind === 'full' ? model.list.projects.map(it => it.name) : [];
  assert.deepEqual(names, ['a', 'b']);
  assert.deepEqual(model.tags, ['vision']);
});

test('nothing there, nothing found and a failure are told apart', async () => {
  const empty = new ProjectsModel(source({ projects: () => Promise.resolve(page()) }));
  await empty.load();
  assert.deepEqual(empty.list, { kind: 'empty', filtered: false });
  await empty.filter({ search: 'x' });
  assert.deepEqual(empty.list, { kind: 'empty', filtered: true });
  let failing = true;
  const flaky = new ProjectsModel(
    source({ tags: () => (failing ? Promise.reject(new Error('gone')) : Promise.resolve([])) })
  );
  await flaky.load();
  assert.equal(flaky.list.kind, 'error');
  failing = false;
  await flaky.load();
  assert.equal(flaky.list.kind, 'full');
});

test('the trash and words are asked for as they were chosen', async () => {
  const asked: unknown[] = [];
  const model = new ProjectsModel(
    source({
      projects: filter => {
        asked.push(filter);
        return Promise.resolve(page());
      }
    })
  );
  await model.filter({ trash: true, search: 'gpt', tag: 'text' });
  assert.deepEqual(asked, [{ q: 'gpt', tag: 'text', state: 'trashed', after: null }]);
});

test('a chosen project brings its history and what is not saved', async () => {
  const change = {
    path: 'a',
    old_path: null,
    status: 'added',
    old_size: null,
    new_size: 1
  } as const;
  const model = new ProjectsModel(
    source({
      unsaved: () =>
        Promise.resolve({ from_version: 2, to_version: null, items: [change], next: 'a' })
    })
  );
  await model.choose(project('a'));
  await model.refreshUnsaved();
  assert.equal(model.history.kind, 'full');
  assert.deepEqual(model.unsaved, { files: 1, more: true });
  await model.choose(null);
  assert.equal(model.chosen, null);
  assert.equal(model.unsaved, null);
});

test('nothing is compared where there is no folder', async () => {
  let asked = 0;
  const model = new ProjectsModel(
    source({
      project: () => Promise.resolve(project('a', { directory: null })),
      unsaved: () => {
        asked++;
        return Promise.reject(new Error('no folder'));
      }
    })
  );
  await model.choose(project('a', { directory: null }));
  assert.equal(asked, 0);
  assert.equal(model.unsaved, null);
});

test('the history of a project that was left is dropped', async () => {
  const answers = new Map<string, (page: VersionPage) => void>();
  const model = new ProjectsModel(
    source({ versions: id => new Promise(resolve => answers.set(id, resolve)) })
  );
  const older = model.choose(project('a'));
  const newer = model.choose(project('b'));
  answers.get('b')?.({ items: [version(7)], next: null });
  await newer;
  answers.get('a')?.({ items: [version(1)], next: null });
  await older;
  assert.equal(model.chosen?.id, 'b');
  assert.equal(model.history.kind === 'full' && model.history.versions[0]?.number, 7);
});

test('a path belongs to the project whose folder holds it', async () => {
  const model = new ProjectsModel(source());
  await model.load();
  assert.equal(model.projectOf('a/deep/file.ipynb')?.id, 'a');
  assert.equal(model.projectOf('b')?.id, 'b');
  assert.equal(model.projectOf('ab/file'), null);
});
