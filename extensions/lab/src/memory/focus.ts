/** Which blocks are in focus: those that are searched for, else those that another view has chosen. */

import type { Place } from '../source/focus.ts';
import { Memo } from './memo.ts';
import { linkedBlocks, matches } from './rows.ts';
import type { Timeline } from './timeline.ts';

/** The focus on all tracks; a mask has 1 for each block that is meant. */
export class Focus {
  private _search = '';
  private _linked: Place | null = null;
  private readonly memo = new Memo();
  private readonly timeline: (track: number) => Timeline | null;
  private readonly changed: () => void;

  constructor(timeline: (track: number) => Timeline | null, changed: () => void) {
    this.timeline = timeline;
    this.changed = changed;
  }

  get search(): string {
    return this._search;
  }

  /** Bring blocks into focus whose names hold a text. */
  setSearch(text: string): void {
    this._search = text;
    this.changed();
  }

  /** Light up what another view has chosen; nothing moves. */
  setLinked(place: Place | null): void {
    if (place !== this._linked) {
      this._linked = place;
      this.changed();
    }
  }

  /** The blocks of a track that are in focus; null: all. */
  of(track: number): Uint8Array | null {
    return this.found(track) ?? this.linked(track);
  }

  /** The blocks of a track that are searched for; null if nothing is. */
  found(track: number): Uint8Array | null {
    const timeline = this.timeline(track);
    const { _search: search } = this;
    return timeline
      ? this.memo.get(`found${track}`, [timeline, search], () => matches(timeline, search))
      : null;
  }

  /** The blocks of a track that another view has chosen; null where it has none of them. */
  linked(track: number): Uint8Array | null {
    const timeline = this.timeline(track);
    const { _linked: place } = this;
    return timeline
      ? this.memo.get(`linked${track}`, [timeline, place], () => linkedBlocks(timeline, place))
      : null;
  }

  /** How many blocks of a track are chosen elsewhere, and their bytes. */
  linkedSum(track: number): { blocks: number; bytes: number } {
    const linked = this.linked(track);
    return this.memo.get(`sum${track}`, [linked], () => {
      const bytes = this.timeline(track)?.bytes;
      const sum = { blocks: 0, bytes: 0 };
      linked?.forEach((is, block) => {
        sum.blocks += is;
        sum.bytes += is * (bytes?.[block] ?? 0);
      });
      return sum;
    });
  }
}
