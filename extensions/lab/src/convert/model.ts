/** Converting what a notebook holds: choosing, running, the report, and what is done with it. */

import { type ISignal, Signal } from '@lumino/signaling';
import type {
  Conversion,
  ConversionBlocker,
  ConversionTarget,
  ConversionTargets
} from '../api/documents.ts';

/** The notebook and its kernel, as far as a conversion needs them. */
export interface Workbench {
  /** What can be converted: undefined without a kernel, null without Tengen in it. */
  targets(): Promise<ConversionTargets | null | undefined>;
  /** Convert; `progress` is told what is known meanwhile, null while a cell still runs. */
  convert(
    name: string,
    samples: string[],
    progress: (now: Conversion | null) => void
  ): Promise<Conversion>;
  /** Ask the running conversion to end. */
  stop(): Promise<void>;
  /** Put the line that converts below the definition, and run it. */
  use(conversion: Conversion): Promise<void>;
  /** Take that cell away and bind the dynamic version to the name again. */
  undo(name: string): Promise<void>;
  /** Write a model file beside the notebook. */
  save(conversion: Conversion, form: FileForm): Promise<Saved>;
  /** Hand the report over as a file. */
  export(conversion: Conversion, form: ReportForm): Promise<void>;
  /** Change the cell of a blocker as its patch says, ask, and run what it takes. */
  apply(conversion: Conversion, blocker: ConversionBlocker): Promise<Applied>;
}

/** The forms in which a report can be had. */
export type ReportForm = 'html' | 'json' | 'text';

/** The forms in which the model itself can be had. */
export type FileForm = 'tgm' | 'onnx';

/** A file that was written: where, and what its writer says of it. */
export interface Saved {
  path: string;
  note: string;
}

/** What became of a patch. */
export type Applied = 'applied' | 'declined' | 'not-found';

/** The states of the panel. */
export type ConvertState =
  | { kind: 'loading' }
  | { kind: 'empty'; why: 'no-kernel' | 'absent' | 'nothing' }
  | { kind: 'error'; error: unknown }
  | { kind: 'choosing'; targets: ConversionTarget[] }
  | {
      kind: 'running';
      name: string;
      waiting: boolean;
      stopping: boolean;
      stage: string;
      done: number;
    }
  | { kind: 'failed'; conversion: Conversion }
  | { kind: 'report'; conversion: Conversion };

/** What was done last with the report, for a line under it. */
export type Deed =
  | { kind: 'used' }
  | { kind: 'undone' }
  | ({ kind: 'saved' } & Saved)
  | { kind: 'not-found' }
  | { kind: 'refused'; error: unknown };

/** Holds the choice, the running conversion and its report; the view draws it. */
export class ConvertModel {
  private readonly _bench: Workbench;
  private readonly _changed = new Signal<this, void>(this);
  private _state: ConvertState = { kind: 'loading' };
  private _chosen = '';
  private _samples = new Map<string, string[]>();
  private _deed: Deed | null = null;
  private _used = false;
  private _busy = false;
  private _round = 0;

  constructor(bench: Workbench) {
    this._bench = bench;
  }

  /** Emitted when anything changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): ConvertState {
    return this._state;
  }

  /** The name of the chosen target. */
  get chosen(): string {
    return this._chosen;
  }

  get deed(): Deed | null {
    return this._deed;
  }

  /** Whether the notebook uses the static version through us. */
  get used(): boolean {
    return this._used;
  }

  /** Whether something is being done with the report. */
  get busy(): boolean {
    return this._busy;
  }

  /** The target that is chosen. */
  get target(): ConversionTarget | undefined {
    const { _state: state } = this;
    return state.kind === 'choosing'
      ? state.targets.find(target => target.name === this._chosen)
      : undefined;
  }

  /** The expressions for the chosen target's arguments. */
  get samples(): string[] {
    return this._samples.get(this._chosen) ?? [];
  }

  /** Whether every argument has an expression. */
  get ready(): boolean {
    return this.target !== undefined && this.samples.every(text => text.trim() !== '');
  }

  /** Ask what there is to convert. */
  async load(): Promise<void> {
    this._set({ kind: 'loading' });
    try {
      const found = await this._bench.targets();
      if (!found) {
        this._set({ kind: 'empty', why: found === null ? 'absent' : 'no-kernel' });
        return;
      }
      if (!found.targets.length) {
        this._set({ kind: 'empty', why: 'nothing' });
        return;
      }
      for (const target of found.targets) {
        const before = this._samples.get(target.name);
        const offered = target.samples.map(sample => sample.expression);
        const kept = before?.length === offered.length ? before : offered;
        this._samples.set(
          target.name,
          kept.map((text, index) => text || (offered[index] ?? ''))
        );
      }
      if (!found.targets.some(target => target.name === this._chosen)) {
        const first = found.targets.find(target => !target.static) ?? found.targets[0];
        this._chosen = first?.name ?? '';
      }
      this._set({ kind: 'choosing', targets: found.targets });
    } catch (error) {
      this._set({ kind: 'error', error });
    }
  }

  /** Choose a target by name. */
  choose(name: string): void {
    this._chosen = name;
    this._changed.emit();
  }

  /** Set the expression of an argument of the chosen target. */
  setSample(index: number, text: string): void {
    const samples = [...this.samples];
    samples[index] = text;
    this._samples.set(this._chosen, samples);
    this._changed.emit();
  }

  /** Convert the chosen target; ends in the report, or in the user's own error. */
  async convert(): Promise<void> {
    const name = this._chosen;
    const round = ++this._round;
    const set = (state: ConvertState): void => {
      if (round === this._round) {
        this._set(state);
      }
    };
    this._deed = null;
    this._used = false;
    set({ kind: 'running', name, waiting: false, stopping: false, stage: '', done: 0 });
    try {
      const made = await this._bench.convert(name, this.samples, now => {
        const { stage = '', done = 0 } = now ?? {};
        const stopping = this._state.kind === 'running' && this._state.stopping;
        set({ kind: 'running', name, waiting: now === null, stopping, stage, done });
      });
      set({ kind: made.state === 'failed' ? 'failed' : 'report', conversion: made });
    } catch (error) {
      set({ kind: 'error', error });
    }
  }

  /** Ask the running conversion to end; what it has found by then is shown. */
  async stop(): Promise<void> {
    const { _state: state } = this;
    if (state.kind !== 'running') {
      return;
    }
    try {
      await this._bench.stop();
    } catch (error) {
      this._set({ kind: 'error', error });
      return;
    }
    if (state.waiting) {
      this._round += 1; // It has found nothing yet, so its end tells nothing.
      await this.load();
    } else if (this._state.kind === 'running') {
      this._set({ ...this._state, stopping: true });
    }
  }

  /** Bind the static version in the notebook, by a cell that shows it. */
  use(): Promise<void> {
    return this._do(async conversion => {
      await this._bench.use(conversion);
      this._used = true;
      return { kind: 'used' };
    });
  }

  /** Take it back. */
  undo(): Promise<void> {
    return this._do(async conversion => {
      await this._bench.undo(conversion.name);
      this._used = false;
      return { kind: 'undone' };
    });
  }

  /** Bind the dynamic version of the chosen target again, from wherever it became static. */
  async release(): Promise<void> {
    try {
      await this._bench.undo(this._chosen);
      await this.load();
    } catch (error) {
      this._set({ kind: 'error', error });
    }
  }

  /** Hand the report over as a file. */
  export(form: ReportForm): Promise<void> {
    return this._do(async conversion => {
      await this._bench.export(conversion, form);
      return null;
    });
  }

  /** Write the model as a file. */
  save(form: FileForm = 'tgm'): Promise<void> {
    return this._do(async conversion => ({
      kind: 'saved',
      ...(await this._bench.save(conversion, form))
    }));
  }

  /** Apply a blocker's patch, run its cell, and convert again. */
  async apply(blocker: ConversionBlocker): Promise<void> {
    let applied: Applied = 'declined';
    await this._do(async conversion => {
      applied = await this._bench.apply(conversion, blocker);
      return applied === 'not-found' ? { kind: 'not-found' } : null;
    });
    if ((applied as Applied) === 'applied') {
      await this.convert();
    }
  }

  private async _do(work: (conversion: Conversion) => Promise<Deed | null>): Promise<void> {
    const { _state: state } = this;
    if (state.kind !== 'report' || this._busy) {
      return;
    }
    this._busy = true;
    this._changed.emit();
    try {
      this._deed = await work(state.conversion);
    } catch (error) {
      this._deed = { kind: 'refused', error };
    } finally {
      this._busy = false;
      this._changed.emit();
    }
  }

  private _set(state: ConvertState): void {
    this._state = state;
    this._changed.emit();
  }
}
