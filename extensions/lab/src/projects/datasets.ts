/** The data-set dialog's state: which there are, what one looks like, and what is being done. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { DatasetEntry, DatasetPage, DatasetRequest, Preview } from '../api/types.ts';

/** What the dialog asks of the outside; `mount` puts a data set into the project at hand. */
export interface DatasetSource {
  list(search: string, after: string | null): Promise<DatasetPage>;
  register(request: DatasetRequest): Promise<DatasetEntry>;
  forget(id: string): Promise<void>;
  preview(id: string): Promise<Preview>;
  mount: ((id: string) => Promise<unknown>) | null;
  pause(): Promise<unknown>;
}

/** The list of data sets. */
export type DatasetsState =
  | { kind: 'loading' }
  | { kind: 'empty'; filtered: boolean }
  | { kind: 'error'; error: unknown }
  | { kind: 'full'; items: DatasetEntry[]; next: string | null };

/** The beginning of the chosen data set. */
export type PreviewState =
  | { kind: 'none' }
  | { kind: 'loading'; id: string }
  | { kind: 'error'; id: string; error: unknown }
  | { kind: 'full'; id: string; preview: Preview };

/** Lists, registers, shows and mounts data sets; watches those that are being taken in. */
export class DatasetsModel {
  private readonly _source: DatasetSource;
  private readonly _changed = new Signal<this, void>(this);
  private _state: DatasetsState = { kind: 'loading' };
  private _preview: PreviewState = { kind: 'none' };
  private _search = '';
  private _failure: unknown = null;
  private _mounted = new Set<string>();
  private _busy = false;
  private _round = 0;
  private _watching = false;
  private _closed = false;

  constructor(source: DatasetSource) {
    this._source = source;
  }

  /** Emitted when anything changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): DatasetsState {
    return this._state;
  }

  get preview(): PreviewState {
    return this._preview;
  }

  get search(): string {
    return this._search;
  }

  /** Why the last change was refused, or null. */
  get failure(): unknown {
    return this._failure;
  }

  get busy(): boolean {
    return this._busy;
  }

  /** Whether there is a project to put data into. */
  get mountable(): boolean {
    return this._source.mount !== null;
  }

  /** Whether a data set was put into the project from here. */
  mounted(id: string): boolean {
    return this._mounted.has(id);
  }

  /** Load the list anew. */
  async load(): Promise<void> {
    const round = ++this._round;
    let next: DatasetsState;
    try {
      const page = await this._source.list(this._search, null);
      next = page.items.length
        ? { kind: 'full', ...page }
        : { kind: 'empty', filtered: this._search !== '' };
    } catch (error) {
      next = { kind: 'error', error };
    }
    if (round === this._round) {
      this._state = next;
      this._changed.emit();
      void this._watch();
    }
  }

  /** Load the next page. */
  async loadMore(): Promise<void> {
    const { state } = this;
    if (state.kind === 'full' && state.next) {
      const round = this._round;
      const page = await this._source.list(this._search, state.next);
      if (round === this._round) {
        this._state = { kind: 'full', items: [...state.items, ...page.items], next: page.next };
        this._changed.emit();
      }
    }
  }

  /** Look for data sets whose name or description has a text. */
  async find(search: string): Promise<void> {
    this._search = search;
    this._changed.emit();
    await this.load();
  }

  /** Register a data set; whether it was taken. */
  register(request: DatasetRequest): Promise<boolean> {
    return this._change(() => this._source.register(request));
  }

  /** Forget a data set. */
  forget(id: string): Promise<boolean> {
    return this._change(() => this._source.forget(id));
  }

  /** Put a data set into the project. */
  mount(id: string): Promise<boolean> {
    return this._change(async () => {
      await this._source.mount?.(id);
      this._mounted.add(id);
    });
  }

  /** Show the beginning of a data set, or hide it again. */
  async look(id: string): Promise<void> {
    if (this._shows(id)) {
      this._preview = { kind: 'none' };
      this._changed.emit();
      return;
    }
    this._preview = { kind: 'loading', id };
    this._changed.emit();
    let next: PreviewState;
    try {
      next = { kind: 'full', id, preview: await this._source.preview(id) };
    } catch (error) {
      next = { kind: 'error', id, error };
    }
    if (this._shows(id)) {
      this._preview = next;
      this._changed.emit();
    }
  }

  /** Nobody looks any more. */
  close(): void {
    this._closed = true;
  }

  private _shows(id: string): boolean {
    return this._preview.kind !== 'none' && this._preview.id === id;
  }

  private async _change(act: () => Promise<unknown>): Promise<boolean> {
    this._busy = true;
    this._failure = null;
    this._changed.emit();
    try {
      await act();
    } catch (error) {
      this._failure = error;
    }
    this._busy = false;
    await this.load();
    return this._failure === null;
  }

  private async _watch(): Promise<void> {
    const copying = (): boolean =>
      this._state.kind === 'full' && this._state.items.some(({ state }) => state === 'copying');
    if (this._watching) {
      return;
    }
    this._watching = true;
    while (copying() && !this._closed) {
      await this._source.pause();
      await this.load();
    }
    this._watching = false;
  }
}
