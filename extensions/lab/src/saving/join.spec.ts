import assert from 'node:assert/strict';
import test from 'node:test';
import type { INotebookContent } from '@jupyterlab/nbformat';
import { type Choice, type Joined, baseAfter, join } from './join.ts';

const IDLE: Choice = { isRunning: () => false, preferTheirs: false };

type Given = Record<string, unknown>;

function cell(id: string, source: string, rest: Given = {}): Given {
  return {
    id,
    cell_type: 'code',
    source,
    metadata: {},
    outputs: [],
    execution_count: null,
    ...rest
  };
}

function book(cells: Given[], metadata: Given = {}): INotebookContent {
  return { nbformat: 4, nbformat_minor: 5, metadata, cells } as unknown as INotebookContent;
}

function printed(text: string | string[], count = 1): Given {
  return {
    outputs: [{ output_type: 'stream', name: 'stdout', text }],
    execution_count: count
  };
}

function joined(base: Given[], mine: Given[], theirs: Given[], choice = IDLE): Joined {
  const found = join(book(base), book(mine), book(theirs), choice);
  assert.ok(found);
  return found;
}

function sources({ content }: Joined): unknown[] {
  return content.cells.map(one => one.source);
}

function outputsOf({ content }: Joined, place = 0): unknown {
  return (content.cells[place] as { outputs?: { text: unknown }[] }).outputs?.map(o => o.text);
}

const BASE = [cell('a', 'a'), cell('b', 'b'), cell('c', 'c')];

test('other cells of each side are joined', () => {
  const mine = [cell('a', 'a!'), cell('b', 'b'), cell('x', 'x'), cell('c', 'c')];
  const theirs = [cell('a', 'a'), cell('b', 'b?'), cell('y', 'y')];
  const both = joined(BASE, mine, theirs);
  assert.deepEqual(sources(both), ['a!', 'b?', 'y', 'x']);
  assert.deepEqual([both.conflicts, both.own, both.typed], [[], true, true]);
});

test('nothing of this side remains where only the other has changed', () => {
  const both = joined(BASE, BASE, [cell('a', 'a?', { cell_type: 'markdown' }), cell('b', 'b')]);
  assert.deepEqual(sources(both), ['a?', 'b']);
  assert.equal(both.content.cells[0]?.cell_type, 'markdown');
  assert.deepEqual([both.own, both.typed, both.kernel], [false, false, false]);
});

test('a text that both have changed stays, and is told', () => {
  const both = joined([cell('a', 'a')], [cell('a', 'mine')], [cell('a', 'theirs')]);
  assert.deepEqual([sources(both), both.conflicts], [['mine'], ['a']]);
  const same = joined([cell('a', 'a')], [cell('a', 'both')], [cell('a', ['bo', 'th'] as never)]);
  assert.deepEqual([sources(same), same.conflicts, same.own], [['both'], [], false]);
  const twice = joined([], [cell('a', 'mine')], [cell('a', 'theirs')]);
  assert.deepEqual(twice.conflicts, ['a']);
});

test('a later join still knows of a text that both have changed', () => {
  const [base, mine] = [
    book([cell('a', 'a'), cell('b', 'b')]),
    book([cell('a', 'm'), cell('b', 'b')])
  ];
  const theirs = book([cell('a', 't'), cell('b', 'b?')]);
  const first = join(base, mine, theirs, IDLE);
  assert.ok(first);
  const next = baseAfter(base, theirs, first.conflicts);
  assert.deepEqual(join(next, first.content, theirs, IDLE)?.conflicts, ['a']);
  const back = book([cell('a', 'a'), cell('b', 'b??')]);
  const second = join(next, first.content, back, IDLE);
  assert.deepEqual(second && [sources(second), second.conflicts], [['m', 'b??'], []]);
  const added = baseAfter(book([]), theirs, ['a']);
  assert.deepEqual(join(added, mine, theirs, IDLE)?.conflicts, ['a']);
});

test('a cell that one side has removed and the other changed stays', () => {
  const there = joined(BASE, [cell('a', 'a!'), cell('b', 'b'), cell('c', 'c')], BASE.slice(1));
  assert.deepEqual(sources(there), ['a!', 'b', 'c']);
  const here = joined(BASE, BASE.slice(1), [cell('a', 'a?'), cell('b', 'b'), cell('c', 'c')]);
  assert.deepEqual([sources(here), here.own], [['a?', 'b', 'c'], false]);
  const neither = joined(BASE, BASE, BASE.slice(1));
  assert.deepEqual(sources(neither), ['b', 'c']);
});

test('a cell that runs here is not removed', () => {
  const both = joined(BASE, BASE, BASE.slice(1), {
    isRunning: id => id === 'a',
    preferTheirs: false
  });
  assert.deepEqual([sources(both), both.own], [['a', 'b', 'c'], true]);
});

test('outputs are taken where only the other side has others', () => {
  const base = [cell('a', 'a', printed('old'))];
  const theirs = [cell('a', 'a', printed(['new\n', 'lines'], 2))];
  assert.deepEqual(outputsOf(joined(base, base, theirs)), [['new\n', 'lines']]);
  const mine = [cell('a', 'a', printed('mine', 3))];
  assert.deepEqual(outputsOf(joined(base, mine, theirs)), ['mine']);
  assert.equal(joined(base, mine, theirs).own, true);
  assert.equal(joined(base, mine, theirs).typed, false);
  const prefer = { ...IDLE, preferTheirs: true };
  assert.deepEqual(outputsOf(joined(base, mine, theirs, prefer)), [['new\n', 'lines']]);
  assert.deepEqual(outputsOf(joined(base, mine, base, prefer)), ['mine']);
});

test('a cell that runs keeps its outputs and takes its text', () => {
  const base = [cell('a', 'a')];
  const [mine, theirs] = [[cell('a', 'a', printed('1'))], [cell('a', 'a?', printed('2'))]];
  const both = joined(base, mine, theirs, { isRunning: () => true, preferTheirs: true });
  assert.deepEqual([sources(both), outputsOf(both), both.own], [['a?'], ['1'], true]);
});

test('what is cut into lines differently is the same', () => {
  const [mine, theirs] = [
    [cell('a', 'x\ny', printed('1\n2'))],
    [cell('a', 'x\ny', printed(['1\n', '2']))]
  ];
  assert.equal(joined([], mine, theirs).own, false);
});

test('metadata are joined key by key, and looks are this side’s', () => {
  const made = (mine: Given, theirs: Given) =>
    joined(
      [cell('a', 'a', { metadata: { tags: ['x'], collapsed: false, trusted: true } })],
      [cell('a', 'a', { metadata: mine })],
      [cell('a', 'a', { metadata: theirs })]
    );
  const both = made({ tags: ['x'], collapsed: true, name: 'n' }, { tags: ['y'], collapsed: false });
  assert.deepEqual(both.content.cells[0]?.metadata, { tags: ['y'], collapsed: true, name: 'n' });
  const looks = made({ tags: ['x'], collapsed: true }, { tags: ['x'] });
  assert.deepEqual([looks.conflicts, looks.content.cells[0]?.metadata['collapsed']], [[], true]);
  assert.deepEqual(made({ tags: ['m'] }, { tags: ['t'] }).conflicts, ['a']);
});

test('trust comes only with outputs', () => {
  const mine = [cell('a', 'a', { metadata: { trusted: true }, ...printed('old') })];
  const text = joined(mine, mine, [
    cell('a', 'b', { metadata: { trusted: false }, ...printed('old') })
  ]);
  assert.equal(text.content.cells[0]?.metadata['trusted'], true);
  const shown = joined(mine, mine, [
    cell('a', 'b', { metadata: { trusted: false }, ...printed('x') })
  ]);
  assert.equal(shown.content.cells[0]?.metadata['trusted'], false);
});

test('the notebook’s metadata are joined; of its kernel each page knows by itself', () => {
  const metadata = (base: Given, mine: Given, theirs: Given) =>
    join(book([], base), book([], mine), book([], theirs), IDLE);
  const both = metadata(
    {},
    { title: 't', kernelspec: { name: 'x' } },
    { kernelspec: { name: 'y' } }
  );
  assert.deepEqual(both?.content.metadata, { title: 't', kernelspec: { name: 'x' } });
  assert.deepEqual([both?.conflicts, both?.typed, both?.kernel], [[], true, true]);
  const kernel = metadata({}, { kernelspec: { name: 'x' } }, {});
  assert.deepEqual([kernel?.own, kernel?.typed, kernel?.kernel], [false, false, true]);
  assert.deepEqual(metadata({ t: 1 }, { t: 2 }, { t: 3 })?.conflicts, ['']);
});

test('cells without names, or with the same, are not joined', () => {
  const nameless = book([{ cell_type: 'code', source: 'a', metadata: {} }]);
  assert.equal(join(book(BASE), book(BASE), nameless, IDLE), null);
  assert.equal(join(book([cell('a', ''), cell('a', '')]), book(BASE), book(BASE), IDLE), null);
});
