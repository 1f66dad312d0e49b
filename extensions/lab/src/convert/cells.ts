/** Cells of a notebook that a conversion adds, changes and takes away. */

import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import type { Conversion, ConversionBlocker } from '../api/documents.ts';
import { cellHash, hashCode } from '../source/cellname.ts';
import { cellsToRun, usingCell } from './source.ts';

const MARK = 'tengen-static';

function sources(panel: NotebookPanel): string[] {
  return panel.content.widgets.map(cell => cell.model.sharedModel.getSource());
}

function run(panel: NotebookPanel, ...indices: number[]): Promise<boolean> {
  const cells = panel.content.widgets.filter((_, index) => indices.includes(index));
  return NotebookActions.runCells(panel.content, cells, panel.sessionContext);
}

/** Add the cell that converts below the one that defines the name; whether it ran well. */
export function insertUse(panel: NotebookPanel, conversion: Conversion): Promise<boolean> {
  const { code, after } = usingCell(sources(panel), conversion);
  const shared = panel.content.model?.sharedModel;
  if (!shared) {
    return Promise.resolve(false);
  }
  shared.insertCell(after + 1, {
    cell_type: 'code',
    source: code,
    metadata: { [MARK]: conversion.name, trusted: true }
  });
  panel.content.activeCellIndex = after + 1;
  return run(panel, after + 1);
}

/** Take away the cells that `insertUse` added for a name. */
export function removeUse(panel: NotebookPanel, name: string): void {
  const shared = panel.content.model?.sharedModel;
  for (let index = (shared?.cells.length ?? 0) - 1; index >= 0; index--) {
    if (shared?.cells[index]?.getMetadata(MARK) === name) {
      shared.deleteCell(index);
    }
  }
}

/** A cell's new text, and the cells that have to run for it to count, by number from 0. */
export interface Change {
  index: number;
  text: string;
  runs: number[];
}

/** What a blocker's patch does to the notebook; null if no cell has these lines. */
export function changeFor(
  panel: NotebookPanel,
  { patch }: ConversionBlocker,
  name: string
): Change | null {
  if (!patch) {
    return null;
  }
  const texts = sources(panel);
  const hash = cellHash(patch.file);
  const same = texts.findIndex(text => hash !== null && hashCode(text) === hash);
  const before = patch.before.replace(/\n$/, '');
  const index = same >= 0 ? same : texts.findIndex(text => text.includes(before));
  const text = texts[index];
  if (!text?.includes(before)) {
    return null;
  }
  const lines = text.split('\n');
  const count = before.split('\n').length;
  const exact = lines.slice(patch.first - 1, patch.first - 1 + count).join('\n') === before;
  const at = exact ? patch.first - 1 : text.slice(0, text.indexOf(before)).split('\n').length - 1;
  const after = patch.after.replace(/\n$/, '');
  lines.splice(at, count, ...(after ? after.split('\n') : []));
  texts[index] = lines.join('\n');
  return { index, text: texts[index], runs: cellsToRun(texts, index, name) };
}

/** Write a change into its cell and run what it asks for; whether all of it ran well. */
export function make(panel: NotebookPanel, change: Change): Promise<boolean> {
  panel.content.widgets[change.index]?.model.sharedModel.setSource(change.text);
  return run(panel, ...change.runs);
}

/** Where a line of a cell stands: the cell's number from 1, null where none has this file. */
export function cellNumber(panel: NotebookPanel, file: string): number | null {
  const hash = cellHash(file);
  const at = hash === null ? -1 : sources(panel).findIndex(text => hashCode(text) === hash);
  return at < 0 ? null : at + 1;
}
