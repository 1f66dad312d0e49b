/** Asks a worker for layouts: each group once, remembered by its structure, to be called off. */

import { type LayoutJob, type LayoutResult, layOut } from './layout.ts';

/** What is sent to the worker, and what comes back. */
export type Order =
  { kind: 'lay out'; id: number; job: LayoutJob } | { kind: 'call off'; id: number };
export type Answer = { id: number; result: LayoutResult } | { id: number; failure: string };

/** The part of a Worker that is used. */
export interface WorkerLike {
  onmessage: ((event: MessageEvent<Answer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(order: Order): void;
  terminate(): void;
}

/** Why a layout that was called off never came. */
export class CalledOff extends Error {
  constructor() {
    super('the layout was called off');
    this.name = 'CalledOff';
  }
}

const MOST_REMEMBERED = 4000;
/** So many items are laid out in a few milliseconds. */
const SMALL = 48;

/** What of a picture's time may still be spent where it is drawn. */
export interface Allowance {
  ms: number;
}

interface Pending {
  readonly id: number;
  readonly promise: Promise<LayoutResult>;
  readonly reject: (reason: unknown) => void;
  readonly resolve: (result: LayoutResult) => void;
  wanted: number;
}

/** Lays out groups in a worker that `start` makes when first needed. */
export class Layouter {
  private readonly _start: () => WorkerLike;
  private readonly _known = new Map<string, LayoutResult>();
  private readonly _pending = new Map<string, Pending>();
  private readonly _keys = new Map<number, string>();
  private _worker: WorkerLike | null = null;
  private _next = 0;

  constructor(start: () => WorkerLike) {
    this._start = start;
  }

  /** Start the worker, so that it has its program when its first job comes. */
  warm(): void {
    this._ready();
  }

  /** The layout of a job, if one of the same structure was made before. */
  remembered(job: LayoutJob): LayoutResult | undefined {
    return this._known.get(keyOf(job));
  }

  /**
   * The layout of a small job, made here and now while `rest` of a picture's milliseconds is left:
   * a worker's answer takes longer to come. Undefined for the worker's jobs.
   */
  atOnce(job: LayoutJob, rest: Allowance): LayoutResult | undefined {
    if (rest.ms <= 0 || job.sizes.length > 2 * SMALL || job.edges.length > 4 * SMALL) {
      return undefined;
    }
    const start = performance.now();
    const made = layOut(job);
    this._remember(keyOf(job), made);
    rest.ms -= performance.now() - start;
    return made;
  }

  /** Lay out a group; aborting `signal` rejects with `CalledOff`. */
  async layOut(job: LayoutJob, signal: AbortSignal): Promise<LayoutResult> {
    const key = keyOf(job);
    const known = this._known.get(key);
    if (known) {
      return known;
    }
    if (signal.aborted) {
      throw new CalledOff();
    }
    const pending = this._pending.get(key) ?? this._order(key, job);
    pending.wanted += 1;
    const stop = () => this._leave(key, pending);
    signal.addEventListener('abort', stop, { once: true });
    const called = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(new CalledOff()), { once: true })
    );
    try {
      return await Promise.race([pending.promise, called]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** End the worker; layouts under way are called off. */
  dispose(): void {
    this._fail(new CalledOff());
  }

  private _order(key: string, job: LayoutJob): Pending {
    const id = this._next++;
    let resolve: Pending['resolve'] = () => undefined;
    let reject: Pending['reject'] = () => undefined;
    const promise = new Promise<LayoutResult>((...settle) => ([resolve, reject] = settle));
    promise.catch(() => undefined); // whoever waits hears of it; nobody may be left waiting
    const pending = { id, promise, reject, resolve, wanted: 0 };
    this._pending.set(key, pending);
    this._keys.set(id, key);
    this._ready().postMessage({ kind: 'lay out', id, job });
    return pending;
  }

  private _leave(key: string, pending: Pending): void {
    pending.wanted -= 1;
    if (pending.wanted === 0 && this._pending.get(key) === pending) {
      this._pending.delete(key);
      this._keys.delete(pending.id);
      this._worker?.postMessage({ kind: 'call off', id: pending.id });
    }
  }

  private _ready(): WorkerLike {
    if (!this._worker) {
      this._worker = this._start();
      this._worker.onmessage = ({ data }) => this._receive(data);
      this._worker.onerror = event => this._fail(new Error(event.message));
    }
    return this._worker;
  }

  private _receive(answer: Answer): void {
    const key = this._keys.get(answer.id);
    const pending = key === undefined ? undefined : this._pending.get(key);
    if (key === undefined || !pending) {
      return; // called off while it was being made
    }
    this._pending.delete(key);
    this._keys.delete(answer.id);
    if ('failure' in answer) {
      pending.reject(new Error(answer.failure));
      return;
    }
    this._remember(key, answer.result);
    pending.resolve(answer.result);
  }

  private _remember(key: string, result: LayoutResult): void {
    if (this._known.size >= MOST_REMEMBERED) {
      this._known.delete(this._known.keys().next().value ?? '');
    }
    this._known.set(key, result);
  }

  private _fail(reason: unknown): void {
    this._worker?.terminate();
    this._worker = null;
    for (const pending of this._pending.values()) {
      pending.reject(reason);
    }
    this._pending.clear();
    this._keys.clear();
  }
}

function keyOf(job: LayoutJob): string {
  return `${job.sizes.join()};${job.edges.join()}`;
}
