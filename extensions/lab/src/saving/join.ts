/** Joins what a page and others have made of the same notebook, cell by cell. */

import type { IBaseCell, ICodeCell, INotebookContent, IOutput } from '@jupyterlab/nbformat';
import { JSONExt, type PartialJSONObject, type ReadonlyPartialJSONValue } from '@lumino/coreutils';
import { joinOrder } from './order.ts';

/** A cell as files have it, with its name. */
export type Cell = IBaseCell &
  Partial<Pick<ICodeCell, 'outputs' | 'execution_count'>> & {
    id: string;
  };

/** What both sides have come to. */
export interface Joined {
  content: INotebookContent;
  /** Cells whose text both sides have changed, "" for the notebook's metadata: this side's stay. */
  conflicts: string[];
  /** Whether text or outputs differ from the other side's. */
  own: boolean;
  /** Whether what the notebook says of its kernel differs. */
  kernel: boolean;
  /** Whether something differs that a user makes: not outputs, nor what the kernel is. */
  typed: boolean;
}

/** Whose outputs are taken. */
export interface Choice {
  /** Whether a cell shows what comes from the kernel just now: its outputs stay. */
  isRunning: (id: string) => boolean;
  /** Where both sides have other outputs than before, take those of the other. */
  preferTheirs: boolean;
}

/** Metadata of how a cell is looked at, or was run: this side's stay where both have changed. */
const LOOKS = new Set(['collapsed', 'scrolled', 'jupyter', 'execution', 'ExecuteTime']);
/** Metadata of a notebook that the kernel writes. */
const KERNEL = new Set(['kernelspec', 'language_info', 'widgets']);

/**
 * Join `mine` and `theirs`, which both come from `base`; null where cells have no names of their
 * own, as in old formats.
 *
 * A cell that one side has removed and the other changed stays.
 */
export function join(
  base: INotebookContent,
  mine: INotebookContent,
  theirs: INotebookContent,
  choice: Choice
): Joined | null {
  const [before, here, there] = [base, mine, theirs].map(byName);
  if (!before || !here || !there) {
    return null;
  }
  const conflicts: string[] = [];
  const joined = new Map<string, Cell>();
  for (const id of new Set([...here.keys(), ...there.keys()])) {
    const [b, m, t] = [before.get(id), here.get(id), there.get(id)];
    if (m && t) {
      const clashes: string[] = [];
      joined.set(id, joinCells(b, m, t, choice, clashes));
      conflicts.push(...(clashes.length ? [id] : []));
    } else if (m && (!b || choice.isRunning(id) || !sameSource(b, m))) {
      joined.set(id, m);
    } else if (t && (!b || !sameSource(b, t))) {
      joined.set(id, t);
    }
  }
  const names = [before, here, there].map(cells => [...cells.keys()]);
  const order = joinOrder(names[0] ?? [], names[1] ?? [], names[2] ?? [], new Set(joined.keys()));
  const clashes: string[] = [];
  const metadata = joinKeys(base.metadata, mine.metadata, theirs.metadata, KERNEL, clashes);
  conflicts.push(...(clashes.length ? [''] : []));
  const content = {
    ...mine,
    nbformat_minor: Math.max(mine.nbformat_minor, theirs.nbformat_minor),
    metadata: metadata as INotebookContent['metadata'],
    cells: order.flatMap(id => joined.get(id) ?? [])
  };
  const typed = !sameNotebookText(content, theirs);
  const own =
    typed ||
    order.some(id => {
      const [cell, other] = [joined.get(id), there.get(id)];
      return !cell || !other || !sameOutputs(cell, other);
    });
  const kernel = !equal(only(content, true), only(theirs, true));
  return { content, conflicts, own, typed, kernel };
}

/** What a later join starts from, where this one could not take some cells. */
export function baseAfter(
  base: INotebookContent,
  theirs: INotebookContent,
  conflicts: readonly string[]
): INotebookContent {
  const before = byName(base);
  return {
    ...theirs,
    metadata: conflicts.includes('') ? base.metadata : theirs.metadata,
    cells: theirs.cells.flatMap(cell => {
      const id = String(cell.id);
      return conflicts.includes(id) ? (before?.get(id) ?? []) : cell;
    })
  };
}

/** Whether outputs and their count are the same, however their text is cut into lines. */
export function sameOutputs(a: Cell, b: Cell): boolean {
  return (
    (a.execution_count ?? null) === (b.execution_count ?? null) &&
    equal(plain(a.outputs), plain(b.outputs))
  );
}

/** Whether the metadata are the same but for what the server says of trust. */
function sameMetadata(a: PartialJSONObject, b: PartialJSONObject): boolean {
  return equal({ ...a, trusted: true }, { ...b, trusted: true });
}

/** A source, or another text that may be a list of lines, in one piece. */
export function whole(text: string | readonly string[] | undefined): string {
  return typeof text === 'string' ? text : (text ?? []).join('');
}

function joinCells(b: Cell | undefined, m: Cell, t: Cell, choice: Choice, clashes: string[]): Cell {
  const pick = <T extends ReadonlyPartialJSONValue | undefined>(
    name: string,
    read: (cell: Cell) => T
  ): T => three(b && read(b), read(m), read(t), () => clashes.push(name));
  const cell_type = pick('cell_type', cell => cell.cell_type);
  const source = pick('source', cell => whole(cell.source));
  const attachments = pick('attachments', attachmentsOf);
  const metadata = joinKeys(b?.metadata ?? {}, m.metadata, t.metadata, LOOKS, clashes);
  const cell: Cell = { id: m.id, cell_type, source, metadata };
  if (attachments) {
    cell['attachments'] = attachments;
  }
  if (cell_type === 'code') {
    const from = pickOutputs(b, m, t, choice);
    cell.outputs = from.outputs ?? [];
    cell.execution_count = from.execution_count ?? null;
    if (from === t && 'trusted' in t.metadata) {
      cell.metadata['trusted'] = t.metadata['trusted'];
    }
  }
  return cell;
}

function pickOutputs(b: Cell | undefined, m: Cell, t: Cell, choice: Choice): Cell {
  if (choice.isRunning(m.id) || (b && sameOutputs(b, t)) || sameOutputs(m, t)) {
    return m;
  }
  return (b && sameOutputs(b, m)) || choice.preferTheirs ? t : m;
}

/** Join metadata key by key; those in `ours` stay on this side without being a clash. */
function joinKeys(
  b: PartialJSONObject,
  m: PartialJSONObject,
  t: PartialJSONObject,
  ours: ReadonlySet<string>,
  clashes: string[]
): PartialJSONObject {
  const joined: PartialJSONObject = {};
  for (const key of new Set([...Object.keys(m), ...Object.keys(t)])) {
    const clash = () => void (ours.has(key) || clashes.push(key));
    const value = key === 'trusted' ? m[key] : three(b[key], m[key], t[key], clash);
    if (value !== undefined) {
      joined[key] = value;
    }
  }
  return joined;
}

function three<T extends ReadonlyPartialJSONValue | undefined>(
  b: T | undefined,
  m: T,
  t: T,
  clash: () => void
): T {
  if (equal(m, t) || equal(b, t)) {
    return m;
  }
  if (!equal(b, m)) {
    clash();
    return m;
  }
  return t;
}

/** The cells by their names, or null if one has none or shares it. */
function byName(content: INotebookContent): Map<string, Cell> | null {
  const cells = new Map<string, Cell>();
  for (const cell of content.cells) {
    if (typeof cell.id !== 'string' || cells.has(cell.id)) {
      return null;
    }
    cells.set(cell.id, cell as Cell);
  }
  return cells;
}

function sameSource(a: Cell, b: Cell): boolean {
  return (
    a.cell_type === b.cell_type &&
    whole(a.source) === whole(b.source) &&
    equal(attachmentsOf(a), attachmentsOf(b))
  );
}

function attachmentsOf(cell: Cell): PartialJSONObject | undefined {
  return cell['attachments'] as PartialJSONObject | undefined;
}

function sameNotebookText(a: INotebookContent, b: INotebookContent): boolean {
  const cells = b.cells as Cell[];
  return (
    a.cells.length === cells.length &&
    equal(only(a, false), only(b, false)) &&
    a.cells.every((cell, place) => {
      const other = cells[place];
      return (
        other &&
        cell.id === other.id &&
        sameSource(cell as Cell, other) &&
        sameMetadata(cell.metadata, other.metadata)
      );
    })
  );
}

/** The notebook's metadata that are, or are not, the kernel's. */
function only({ metadata }: INotebookContent, ofKernel: boolean): PartialJSONObject {
  const entries = Object.entries(metadata as PartialJSONObject);
  return Object.fromEntries(entries.filter(([key]) => KERNEL.has(key) === ofKernel));
}

/** Outputs with their texts in one piece each, as a file may have them in lines. */
function plain(outputs: readonly IOutput[] | undefined): PartialJSONObject[] {
  return (outputs ?? []).map(output => {
    const made = { ...output } as PartialJSONObject;
    if (Array.isArray(made['text'])) {
      made['text'] = whole(made['text'] as string[]);
    }
    if (made['data']) {
      made['data'] = Object.fromEntries(
        Object.entries(made['data'] as PartialJSONObject).map(([type, value]) => [
          type,
          isLines(value) && !type.endsWith('json') ? value.join('') : value
        ])
      );
    }
    return made;
  });
}

function isLines(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(line => typeof line === 'string');
}

function equal(
  a: ReadonlyPartialJSONValue | undefined,
  b: ReadonlyPartialJSONValue | undefined
): boolean {
  return a === b || (a !== undefined && b !== undefined && JSONExt.deepEqual(a, b));
}
