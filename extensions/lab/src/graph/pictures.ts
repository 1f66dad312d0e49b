/** Lays out what is open of a graph: at once what is quick, by the worker the rest. */

import { CalledOff, Layouter, type WorkerLike } from './layouter.ts';
import { flatten, frame, type Scene } from './scene.ts';
import type { ShownGraph } from './shown.ts';
import { type Item, ROOT } from './tree.ts';

/** Milliseconds of a picture's layout that are spent at once; the worker has the rest. */
const MOST_AT_ONCE = 60;
const SOON = 300;

/** Makes one picture at a time: a newer one calls off the one before. */
export class Pictures {
  private readonly layouter: Layouter;
  private work = new AbortController();
  private _busy = false;

  constructor(startWorker: () => WorkerLike) {
    this.layouter = new Layouter(startWorker);
  }

  /** Whether a layout is under way. */
  get busy(): boolean {
    return this._busy;
  }

  /** The picture of what is open; null if it was called off. */
  async make(graph: ShownGraph, isOpen: (item: Item) => boolean): Promise<Scene | null> {
    this.callOff();
    const { signal } = (this.work = new AbortController());
    const { tree, collector: edges } = graph;
    const rest = { ms: MOST_AT_ONCE };
    const layOut = (job: Parameters<Layouter['layOut']>[0]) =>
      this.layouter.remembered(job) ??
      this.layouter.atOnce(job, rest) ??
      this.layouter.layOut(job, signal);
    this._busy = true;
    try {
      const root = await frame({ tree, edges, isOpen, layOut }, ROOT);
      if (signal.aborted) {
        return null;
      }
      this._busy = false;
      // For what is opened next; before the first picture it would only be in the way.
      setTimeout(() => {
        if (!signal.aborted) {
          this.layouter.warm();
        }
      }, SOON);
      return flatten(root, tree);
    } catch (error) {
      if (error instanceof CalledOff) {
        return null;
      }
      this._busy = false;
      throw error;
    }
  }

  /** Give up the picture that is being made. */
  callOff(): void {
    this.work.abort();
  }

  dispose(): void {
    this.callOff();
    this.layouter.dispose();
  }
}
