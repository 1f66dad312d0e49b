/** What of a notebook its user makes, to tell whether there is anything to save. */

import type { ISharedNotebook } from '@jupyter/ydoc';
import type { PartialJSONObject } from '@lumino/coreutils';

/** What the kernel and JupyterLab write by themselves. */
const OF_NOTEBOOK = new Set(['kernelspec', 'language_info', 'widgets']);
const OF_CELL = new Set(['trusted', 'execution', 'ExecuteTime']);

/** The cells' order, types, texts and metadata as one text, without their outputs. */
export function textOf(notebook: ISharedNotebook): string {
  const cells = notebook.cells.map(cell => [
    cell.getId(),
    cell.cell_type,
    cell.getSource(),
    without(cell.getMetadata() as PartialJSONObject, OF_CELL),
    cell.cell_type === 'code' ? null : cell.toJSON()['attachments']
  ]);
  return JSON.stringify([cells, without(notebook.metadata as PartialJSONObject, OF_NOTEBOOK)]);
}

function without(metadata: PartialJSONObject, names: ReadonlySet<string>): [string, unknown][] {
  const kept = Object.entries(metadata).filter(([name]) => !names.has(name));
  return kept.sort(([a], [b]) => (a < b ? -1 : 1));
}
