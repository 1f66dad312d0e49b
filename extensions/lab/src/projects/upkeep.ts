/** What belongs to the chosen project besides its versions: data sets, and runs of it again. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { Mount, ReproductionEntry } from '../api/types.ts';

/** What the model asks of the outside. */
export interface UpkeepSource {
  mounts(project: string): Promise<Mount[]>;
  runs(project: string): Promise<ReproductionEntry[]>;
  /** Resolves after a while, with whether anybody looks. */
  pause(): Promise<boolean>;
}

/** A list that is asked for: loading, an error with its reason, or full (perhaps of nothing). */
export type Loaded<T> =
  { kind: 'loading' } | { kind: 'error'; error: unknown } | { kind: 'full'; items: T[] };

/** Follows the chosen project; while a run goes on, it is asked for again and again. */
export class UpkeepModel {
  private readonly _source: UpkeepSource;
  private readonly _changed = new Signal<this, void>(this);
  private _project: string | null = null;
  private _mounts: Loaded<Mount> = { kind: 'loading' };
  private _runs: Loaded<ReproductionEntry> = { kind: 'loading' };
  private _round = 0;
  private _watching = false;

  constructor(source: UpkeepSource) {
    this._source = source;
  }

  /** Emitted when anything changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get mounts(): Loaded<Mount> {
    return this._mounts;
  }

  get runs(): Loaded<ReproductionEntry> {
    return this._runs;
  }

  /** The run that goes on, or null. */
  get running(): ReproductionEntry | null {
    const latest = this._runs.kind === 'full' ? this._runs.items[0] : undefined;
    return latest?.state === 'running' ? latest : null;
  }

  /** The latest run that came to a judgement: the project's badge. */
  get badge(): ReproductionEntry | null {
    const items = this._runs.kind === 'full' ? this._runs.items : [];
    return items.find(({ state }) => state === 'agreed' || state === 'differed') ?? null;
  }

  /** Turn to another project, or to none. */
  async follow(project: string | null): Promise<void> {
    if (project !== this._project) {
      this._project = project;
      this._mounts = this._runs = { kind: 'loading' };
      await this.load();
    }
  }

  /** Ask for everything anew. */
  async load(): Promise<void> {
    const project = this._project;
    const round = ++this._round;
    if (project === null) {
      return;
    }
    const settle = async <T>(ask: Promise<T[]>): Promise<Loaded<T>> =>
      ask.then(
        items => ({ kind: 'full', items }),
        (error: unknown) => ({ kind: 'error', error })
      );
    const [mounts, runs] = await Promise.all([
      settle(this._source.mounts(project)),
      settle(this._source.runs(project))
    ]);
    if (round === this._round) {
      this._mounts = mounts;
      this._runs = runs;
      this._changed.emit();
      void this._watch();
    }
  }

  private async _watch(): Promise<void> {
    if (this._watching) {
      return;
    }
    this._watching = true;
    while (this.running) {
      if (await this._source.pause()) {
        await this.load();
      }
    }
    this._watching = false;
  }
}
