import assert from 'node:assert/strict';
import test from 'node:test';
import { YNotebook } from '@jupyter/ydoc';
import type { INotebookContent } from '@jupyterlab/nbformat';
import { apply, splice } from './apply.ts';

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

function book(...cells: Given[]): INotebookContent {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells
  } as unknown as INotebookContent;
}

/** An open notebook; it is closed when the test ends. */
function opened(t: { after(close: () => void): void }, ...cells: Given[]): YNotebook {
  const made = YNotebook.create({ disableDocumentWideUndoRedo: true, data: book(...cells) });
  t.after(() => made.dispose());
  return made as YNotebook;
}

function brought(notebook: YNotebook, ...cells: Given[]): unknown[] {
  const shown: unknown[] = [];
  apply(notebook, book(...cells), (id, outputs, count) => shown.push([id, outputs, count]));
  return shown;
}

test('cells that stay are the same objects, with their own undo', t => {
  const notebook = opened(t, cell('a', 'one'), cell('b', 'two'), cell('c', 'three'));
  const [a, , c] = notebook.cells;
  a?.updateSource(3, 3, '!');
  brought(notebook, cell('x', 'new'), cell('a', 'one!'), cell('c', 'thrice'));
  assert.deepEqual(
    notebook.cells.map(one => one.getSource()),
    ['new', 'one!', 'thrice']
  );
  assert.equal(notebook.cells[1], a);
  assert.equal(notebook.cells[2], c);
  assert.equal(c?.canUndo(), false, "others' work is not undone here");
  a?.undo();
  assert.equal(a?.getSource(), 'one');
});

test('all but outputs comes in one change', t => {
  const notebook = opened(t, cell('a', 'one'), cell('b', 'two'));
  const lists: unknown[] = [];
  notebook.changed.connect((_, change) => lists.push(change.cellsChange ?? 'other'));
  brought(notebook, cell('b', 'two'), cell('x', 'x'), cell('a', 'one'), cell('y', 'y'));
  assert.equal(lists.filter(change => change !== 'other').length, 1);
  assert.deepEqual(
    notebook.cells.map(one => one.getId()),
    ['b', 'x', 'a', 'y']
  );
});

test('outputs are shown where they differ, and elsewhere left alone', t => {
  const outputs = [{ output_type: 'stream', name: 'stdout', text: 'x' }];
  const notebook = opened(t, cell('a', ''), cell('b', '', { outputs, execution_count: 1 }));
  const wanted = cell('a', '', { outputs, execution_count: 2 });
  const lines = [{ output_type: 'stream', name: 'stdout', text: ['x'] }];
  const same = cell('b', '', { outputs: lines, execution_count: 1 });
  assert.deepEqual(brought(notebook, wanted, same), [['a', outputs, 2]]);
});

test('a cell of another type is made anew, and metadata go by their keys', t => {
  const notebook = opened(
    t,
    cell('a', 'text', { metadata: { tags: ['x'], name: 'n' } }),
    cell('b', '')
  );
  const b = notebook.cells[1];
  const tagged = cell('b', '', { metadata: { tags: ['y'], trusted: false } });
  brought(notebook, { id: 'a', cell_type: 'markdown', source: 'text', metadata: {} }, tagged);
  assert.equal(notebook.cells[0]?.cell_type, 'markdown');
  assert.equal(notebook.cells[1], b);
  assert.deepEqual(b?.getMetadata(), { tags: ['y'] });
});

test('only what differs of a text is replaced', () => {
  assert.deepEqual(splice('a = 1', 'a = 12'), [5, 5, '2']);
  assert.deepEqual(splice('aaa', 'aa'), [2, 3, '']);
  assert.deepEqual(splice('same', 'same'), [4, 4, '']);
  assert.deepEqual(splice('', 'new'), [0, 0, 'new']);
  assert.deepEqual(splice('x 😀 y', 'x 😁 y'), [2, 4, '😁']); // the same first surrogate
  const others = ['x \u{1f600} y', 'x \u{1fa00} y']; // the same second surrogate
  assert.deepEqual(splice(others[0] ?? '', others[1] ?? ''), [2, 4, '\u{1fa00}']);
});
