/** The comparison's state: two sides, the files that differ, and how the chosen one does. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { Sides } from '../api/history.ts';
import type { ChangePage, FileChange, FileDiff, Hunk } from '../api/types.ts';

/** What the model asks of the outside, for one project. */
export interface CompareSource {
  changes(sides: Sides, after: string | null): Promise<ChangePage>;
  file(sides: Sides, path: string, oldPath: string | null): Promise<FileDiff>;
  /** The number of the newest version. */
  newest(): Promise<number>;
}

/** The states of the list of files. */
export type CompareState =
  | { kind: 'loading' }
  | { kind: 'empty'; from: number; to: number | null }
  | { kind: 'error'; error: unknown }
  | { kind: 'full'; page: ChangePage };

/** The states of the chosen file. */
export type FileState =
  | { kind: 'none' }
  | { kind: 'loading' }
  | { kind: 'error'; error: unknown }
  | { kind: 'full'; diff: FileDiff };

/** Compares two versions, or a version and the folder. */
export class CompareModel {
  private readonly _source: CompareSource;
  private readonly _changed = new Signal<this, void>(this);
  private _sides: Sides;
  private _state: CompareState = { kind: 'loading' };
  private _file: FileState = { kind: 'none' };
  private _path: string | null = null;
  private _newest: number;
  private _round = 0;

  constructor(source: CompareSource, sides: Sides, newest: number) {
    this._source = source;
    this._sides = sides;
    this._newest = newest;
  }

  /** Emitted when anything changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get sides(): Sides {
    return this._sides;
  }

  /** The number of the newest version that can be chosen. */
  get newest(): number {
    return this._newest;
  }

  get state(): CompareState {
    return this._state;
  }

  get file(): FileState {
    return this._file;
  }

  /** The path of the chosen file. */
  get path(): string | null {
    return this._path;
  }

  /** Compare other sides. */
  async compare(sides: Sides): Promise<void> {
    this._sides = sides;
    await this.load();
  }

  /** Load the files anew, and choose the first. */
  async load(): Promise<void> {
    this._file = { kind: 'none' };
    this._set({ kind: 'loading' });
    await this.refresh();
  }

  /** Read both sides again; what is shown stays until the answer comes. */
  async refresh(): Promise<void> {
    const round = ++this._round;
    try {
      const [newest, page] = await Promise.all([
        this._source.newest(),
        this._source.changes(this._sides, null)
      ]);
      if (round !== this._round) {
        return;
      }
      this._newest = newest;
      const first = page.items[0];
      if (!first) {
        this._set({ kind: 'empty', from: page.from_version, to: page.to_version });
        return;
      }
      this._state = { kind: 'full', page };
      await this.choose(page.items.find(item => item.path === this._path) ?? first);
    } catch (error) {
      if (round === this._round) {
        this._set({ kind: 'error', error });
      }
    }
  }

  /** Load the next page of files. */
  async loadMore(): Promise<void> {
    const { state } = this;
    if (state.kind !== 'full' || !state.page.next) {
      return;
    }
    const round = this._round;
    const page = await this._source.changes(this._sides, state.page.next);
    if (round === this._round) {
      this._set({ kind: 'full', page: { ...page, items: [...state.page.items, ...page.items] } });
    }
  }

  /** Show how a file differs; an answer that another choice overtook is dropped. */
  async choose(change: FileChange): Promise<void> {
    const round = this._round;
    if (change.path !== this._path || this._file.kind !== 'full') {
      this._file = { kind: 'loading' };
    }
    this._path = change.path;
    this._changed.emit();
    let next: FileState;
    try {
      const diff = await this._source.file(this._sides, change.path, change.old_path);
      next = { kind: 'full', diff };
    } catch (error) {
      next = { kind: 'error', error };
    }
    if (round === this._round && this._path === change.path) {
      this._file = next;
      this._changed.emit();
    }
  }

  private _set(state: CompareState): void {
    this._state = state;
    this._changed.emit();
  }
}

/** A line of one side; null where the other side has one more. */
export interface Line {
  number: number;
  text: string;
}

/** A row of two sides. */
export interface LineRow {
  status: 'same' | 'added' | 'removed' | 'changed';
  old: Line | null;
  new: Line | null;
}

/** A hunk as rows of two sides: removed lines stand beside those that were added for them. */
export function lineRows(hunk: Hunk): LineRow[] {
  const rows: LineRow[] = [];
  let oldNumber = hunk.old_start;
  let newNumber = hunk.new_start;
  let removed: Line[] = [];
  let added: Line[] = [];
  const flush = (): void => {
    for (let index = 0; index < Math.max(removed.length, added.length); index++) {
      const before = removed[index] ?? null;
      const after = added[index] ?? null;
      const status = before && after ? 'changed' : before ? 'removed' : 'added';
      rows.push({ status, old: before, new: after });
    }
    removed = [];
    added = [];
  };
  for (const line of hunk.lines) {
    const text = line.slice(1);
    if (line.startsWith('-')) {
      removed.push({ number: oldNumber++, text });
    } else if (line.startsWith('+')) {
      added.push({ number: newNumber++, text });
    } else {
      flush();
      const before = { number: oldNumber++, text };
      rows.push({ status: 'same', old: before, new: { number: newNumber++, text } });
    }
  }
  flush();
  return rows;
}

/** The part of two lines that differs: [start, end of the old, end of the new]. */
export function changedPart(before: string, after: string): [number, number, number] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) {
    start++;
  }
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) {
    end++;
  }
  return [start, before.length - end, after.length - end];
}
