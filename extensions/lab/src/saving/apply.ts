/** Brings an open notebook to what a join has come to, and touches nothing else of it. */

import type { ISharedAttachmentsCell, ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import type { INotebookContent, IOutput } from '@jupyterlab/nbformat';
import { JSONExt, type PartialJSONObject } from '@lumino/coreutils';
import { type Cell, sameOutputs, whole } from './join.ts';
import { inOrder } from './order.ts';

type Insert = Parameters<ISharedNotebook['insertCell']>[1];

/** Shows outputs in a cell that stays where it is. */
export type ShowOutputs = (
  id: string,
  outputs: IOutput[],
  count: number | null,
  trusted: boolean
) => void;

/**
 * Make the notebook what `content` says; none of it can be undone here, since it is others' work.
 *
 * Cells keep their editors, cursors and outputs unless they are of another type or have moved.
 */
export function apply(
  notebook: ISharedNotebook,
  content: INotebookContent,
  show: ShowOutputs
): void {
  const wanted = content.cells as Cell[];
  const before = new Map(notebook.cells.map(cell => [cell.getId(), cell.toJSON() as Cell]));
  const stayed = new Set<string>();
  notebook.transact(() => {
    bringCells(notebook, wanted, stayed);
    for (const cell of wanted.filter(({ id }) => stayed.has(id))) {
      bringText(find(notebook, cell.id), cell);
    }
    bringKeys(notebook, content.metadata as PartialJSONObject);
    if (notebook.nbformat_minor < content.nbformat_minor) {
      (notebook as { nbformat_minor: number }).nbformat_minor = content.nbformat_minor;
    }
  }, false);
  // Not within the transaction: the output areas write to the shared model themselves.
  for (const cell of wanted) {
    const old = stayed.has(cell.id) ? before.get(cell.id) : undefined;
    if (old && cell.cell_type === 'code' && !sameOutputs(old, cell)) {
      const trusted = cell.metadata['trusted'] === true;
      show(cell.id, cell.outputs ?? [], cell.execution_count ?? null, trusted);
    }
  }
}

/** Remove, insert and move cells; those that were not made anew are added to `stayed`. */
function bringCells(notebook: ISharedNotebook, wanted: readonly Cell[], stayed: Set<string>): void {
  const places = new Map(wanted.map((cell, place) => [cell.id, place]));
  const present = notebook.cells.map(cell => {
    const place = places.get(cell.getId());
    return place !== undefined && wanted[place]?.cell_type === cell.cell_type ? place : -1;
  });
  const usable = present.filter(place => place >= 0);
  const still = inOrder(usable);
  const keeps = new Set(usable.filter((_, index) => still.has(index)));
  present.forEach((place, index) => {
    if (keeps.has(place)) {
      stayed.add(wanted[place]?.id ?? '');
    } else {
      present[index] = -1;
    }
  });
  for (let index = present.length - 1; index >= 0; index--) {
    if (present[index] === -1) {
      notebook.deleteCell(index);
    }
  }
  wanted.forEach((cell, place) => {
    if (!stayed.has(cell.id)) {
      notebook.insertCell(place, cell as unknown as Insert);
    }
  });
}

function bringText(cell: ISharedCell, wanted: Cell): void {
  const [start, end, text] = splice(cell.getSource(), whole(wanted.source));
  if (start !== end || text) {
    cell.updateSource(start, end, text);
  }
  bringKeys(cell, wanted.metadata as PartialJSONObject);
  const attachments = wanted['attachments'] as PartialJSONObject | undefined;
  if (cell.cell_type !== 'code') {
    const attached = cell as ISharedAttachmentsCell;
    const old = attached.getAttachments() as PartialJSONObject | undefined;
    if (!JSONExt.deepEqual(old ?? {}, attachments ?? {})) {
      attached.setAttachments(attachments as Parameters<typeof attached.setAttachments>[0]);
    }
  }
}

/** Set and delete the metadata that differ; what is trusted is said with the outputs. */
function bringKeys(place: ISharedCell | ISharedNotebook, wanted: PartialJSONObject): void {
  const old = place.getMetadata() as PartialJSONObject;
  for (const key of new Set([...Object.keys(old), ...Object.keys(wanted)])) {
    const value = wanted[key];
    if (key === 'trusted') {
      continue;
    } else if (value === undefined) {
      place.deleteMetadata(key);
    } else if (!JSONExt.deepEqual(old[key] ?? null, value)) {
      (place as ISharedCell).setMetadata(key, value);
    }
  }
}

/** The range of `old` that differs, and the text in its place; pairs of surrogates stay whole. */
export function splice(old: string, text: string): [number, number, string] {
  const most = Math.min(old.length, text.length);
  let start = 0;
  while (start < most && old[start] === text[start]) {
    start++;
  }
  if (isHigh(old, start - 1)) {
    start--;
  }
  let tail = 0;
  while (tail < most - start && old[old.length - 1 - tail] === text[text.length - 1 - tail]) {
    tail++;
  }
  if (tail && isLow(old, old.length - tail)) {
    tail--;
  }
  return [start, old.length - tail, text.slice(start, text.length - tail)];
}

function isHigh(text: string, place: number): boolean {
  return (text.charCodeAt(place) & 0xfc00) === 0xd800;
}

function isLow(text: string, place: number): boolean {
  return (text.charCodeAt(place) & 0xfc00) === 0xdc00;
}

function find(notebook: ISharedNotebook, id: string): ISharedCell {
  const cell = notebook.cells.find(one => one.getId() === id);
  if (!cell) {
    throw new Error(`The cell ${id} was expected in the notebook; it is not there.`);
  }
  return cell;
}
