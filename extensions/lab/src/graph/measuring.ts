/** Having the calls of a graph measured, run by run, and joining the times into its document. */

import type { GraphDocument } from '../api/documents.ts';

/** Milliseconds by the ids of calls, before and after the passes, and of the whole. */
export interface GraphTimes {
  compiled: Record<string, number>;
  recorded: Record<string, number>;
  ms: { compiled?: number; recorded?: number };
}

/** Measures; tells after each run how many of how many are done. Rejects when aborted. */
export type MeasureTimes = (
  progress: (done: number, of: number) => void,
  abort: AbortSignal
) => Promise<GraphTimes>;

/** The answer of the graph's process to one question. */
export interface TimesAnswer {
  number: number;
  done?: number;
  of?: number;
  point?: GraphTimes | null;
  error?: string;
}

/** Asks the graph's process one question. */
export type AskTimes = (asked: object) => Promise<TimesAnswer | null>;

let last = 0;

/** Measures one run a question: between two of them the process is free for others. */
export function measureBy(ask: AskTimes): MeasureTimes {
  return async (progress, abort) => {
    const number = ++last;
    for (;;) {
      const answer = await ask({ measure: 0, number });
      if (abort.aborted) {
        await ask({ cancel: number });
        throw new Error('cancelled');
      }
      if (!answer || answer.error !== undefined) {
        throw new Error(answer?.error ?? 'the kernel gave no answer');
      }
      progress(answer.done ?? 0, answer.of ?? 1);
      if (answer.point) {
        return answer.point;
      }
    }
  };
}

/** A document with its times; one that is not compiled takes those of the recorded calls. */
export function withTimes(document: GraphDocument, times: GraphTimes): GraphDocument {
  const own = document.form === 'dynamic' ? times.recorded : times.compiled;
  const ms = document.form === 'dynamic' ? times.ms.recorded : times.ms.compiled;
  const timed = (nodes: GraphDocument['nodes'], from: Record<string, number>) =>
    nodes.map(node => ({
      ...node,
      ms: from[node.id] ?? times.recorded[node.id] ?? node.ms ?? null
    }));
  const made: GraphDocument = { ...document, nodes: timed(document.nodes, own) };
  if (document.passes) {
    made.passes = document.passes.map(pass =>
      pass.before
        ? { ...pass, before: { ...pass.before, add: timed(pass.before.add ?? [], times.recorded) } }
        : pass
    );
  }
  if (ms !== undefined) {
    made.totals = { ...document.totals, ms };
  }
  return made;
}

/** The measurement of one view: at most one at a time, which can be given up. */
export class Timing {
  private readonly _measure: MeasureTimes | undefined;
  private readonly _changed: () => void;
  private _abort: AbortController | null = null;
  private _done = 0;
  private _of = 0;
  private _failure: unknown = null;

  constructor(measure: MeasureTimes | undefined, changed: () => void) {
    this._measure = measure;
    this._changed = changed;
  }

  /** Whether there is something to run. */
  get possible(): boolean {
    return this._measure !== undefined;
  }

  /** The share that is done, null while nothing is measured. */
  get share(): number | null {
    return this._abort ? this._done / Math.max(1, this._of) : null;
  }

  /** Why the last measurement ended without times, null if it did not. */
  get failure(): unknown {
    return this._failure;
  }

  /** The document with measured times; null where that was given up or failed. */
  async measure(document: GraphDocument): Promise<GraphDocument | null> {
    if (!this._measure || this._abort) {
      return null;
    }
    const abort = (this._abort = new AbortController());
    [this._done, this._of, this._failure] = [0, 1, null];
    this._changed();
    try {
      const times = await this._measure((done, of) => {
        [this._done, this._of] = [done, of];
        this._changed();
      }, abort.signal);
      return abort.signal.aborted ? null : withTimes(document, times);
    } catch (error) {
      this._failure = abort.signal.aborted ? null : error;
      return null;
    } finally {
      if (this._abort === abort) {
        this._abort = null;
      }
      this._changed();
    }
  }

  /** Give up. */
  cancel(): void {
    if (this._abort) {
      this._abort.abort();
      this._abort = null;
      this._changed();
    }
  }
}
