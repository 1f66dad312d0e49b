/** Cells of a notebook that a conversion adds, changes and takes away. */

import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import type { Conversion, ConversionBlocker } from '../api/documents.ts';
import { cellHash, hashCode } from '../source/cellname.ts';
import { usingCell } from './source.ts';

const MARK = 'tengen-static';

function sources(panel: NotebookPanel): string[] {
  return panel.content.widgets.map(cell => cell.model.sharedModel.getSource());
}

async function run(panel: NotebookPanel, index: number): Promise<void> {
  const cell = panel.content.widgets[index];
  if (cell) {
    await NotebookActions.runCells(panel.content, [cell], panel.sessionContext);
  }
}

/** Add the cell that converts below the one that defines the name, and run it. */
export async function insertUse(panel: NotebookPanel, conversion: Conversion): Promise<void> {
  const { code, after } = usingCell(sources(panel), conversion);
  const shared = panel.content.model?.sharedModel;
  if (!shared) {
    return;
  }
  shared.insertCell(after + 1, {
    cell_type: 'code',
    source: code,
    metadata: { [MARK]: conversion.name, trusted: true }
  });
  panel.content.activeCellIndex = after + 1;
  await run(panel, after + 1);
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

/** Write a blocker's patch into its cell and run the cell; false if no cell has these lines. */
export async function applyPatch(
  panel: NotebookPanel,
  blocker: ConversionBlocker
): Promise<boolean> {
  const { patch } = blocker;
  if (!patch) {
    return false;
  }
  const hash = cellHash(patch.file);
  const texts = sources(panel);
  const same = texts.findIndex(text => hash !== null && hashCode(text) === hash);
  const before = patch.before.replace(/\n$/, '');
  const index = same >= 0 ? same : texts.findIndex(text => text.includes(before));
  const text = texts[index];
  if (text === undefined || !text.includes(before)) {
    return false;
  }
  const lines = text.split('\n');
  const count = before.split('\n').length;
  const exact = lines.slice(patch.first - 1, patch.first - 1 + count).join('\n') === before;
  const at = exact ? patch.first - 1 : text.slice(0, text.indexOf(before)).split('\n').length - 1;
  const after = patch.after.replace(/\n$/, '');
  lines.splice(at, count, ...(after ? after.split('\n') : []));
  panel.content.widgets[index]?.model.sharedModel.setSource(lines.join('\n'));
  await run(panel, index);
  return true;
}
