/** "Will it fit?": what another batch size would take. */

import { largestBatch, peakAt } from './fit.ts';
import { Memo } from './memo.ts';
import type { Timeline } from './timeline.ts';

/** The batch size that is asked about, of whichever track is active. */
export class Batch {
  private _size: number | null = null;
  private readonly memo = new Memo();
  private readonly timeline: () => Timeline | null;
  private readonly changed: () => void;

  constructor(timeline: () => Timeline | null, changed: () => void) {
    this.timeline = timeline;
    this.changed = changed;
  }

  /** The batch size that is asked about, null if the document names none. */
  get size(): number | null {
    return this._size;
  }

  /** Whether it is another than the one that was run. */
  get isOther(): boolean {
    return this._size !== null && this._size !== this.timeline()?.document.batch;
  }

  /** The predicted peak, null where growth is unknown. */
  get peak(): number | null {
    const timeline = this.timeline();
    const batch = this._size;
    return timeline && batch !== null
      ? this.memo.get('peak', [timeline, batch], () => peakAt(timeline, batch))
      : null;
  }

  /** The largest batch that fits the capacity, null where that is unknown. */
  get largest(): number | null {
    const timeline = this.timeline();
    const capacity = timeline?.document.capacity;
    return timeline && capacity
      ? this.memo.get('largest', [timeline], () => largestBatch(timeline, capacity))
      : null;
  }

  /** Begin with the size that was run. */
  show(size: number | null): void {
    this._size = size;
  }

  /** Ask about a size. */
  ask(size: number): void {
    this._size = Math.max(1, Math.floor(size) || 1);
    this.changed();
  }
}
