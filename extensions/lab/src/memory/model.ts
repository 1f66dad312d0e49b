/** The memory view's state: documents on one scale, what is shown of them, and what is chosen. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { BudgetCurve, MemoryDocument } from '../api/documents.ts';
import { type Alignment, align } from './align.ts';
import { Batch } from './batch.ts';
import { Budgeting, type Measure } from './budgeting.ts';
import { type Explanation, explain } from './explain.ts';
import { Focus } from './focus.ts';
import { Listing } from './listing.ts';
import { Memo } from './memo.ts';
import { sortedRows } from './order.ts';
import type { BlockKind } from './palette.ts';
import type { Span } from './raster.ts';
import { Sight } from './sight.ts';
import { Timeline } from './timeline.ts';

/** What a view is opened with. */
export interface MemoryInput {
  documents: MemoryDocument[];
  curve?: BudgetCurve | null;
  /** What is not shown and why, in sentences. */
  notes?: string[];
}

/** Where the documents come from. */
export interface MemorySource {
  load(): Promise<MemoryInput>;
  measure?: Measure;
}

/** One document, and how its time lies to the first document's. */
export interface Track {
  timeline: Timeline;
  toReference: Alignment;
  fromReference: Alignment;
}

/** The four states that a view draws. */
export type MemoryState =
  | { kind: 'loading' }
  | { kind: 'empty' }
  | { kind: 'error'; error: unknown }
  | { kind: 'full'; tracks: Track[] };

/** A block of a track. */
export interface Choice {
  track: number;
  block: number;
}

/** Holds what is shown; views draw it and call its verbs. */
export class MemoryModel {
  /** The part of time and addresses that is in sight. */
  readonly sight: Sight;
  /** What is searched for, or chosen in another view. */
  readonly focus: Focus;
  /** What the table lists. */
  readonly listing: Listing;
  /** What another batch size would take. */
  readonly batch: Batch;
  /** The curve of memory against speed. */
  readonly budget: Budgeting;
  private readonly _source: MemorySource;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _moved = new Signal<this, void>(this);
  private readonly _framed = new Signal<this, void>(this);
  private readonly _memo = new Memo();
  private _state: MemoryState = { kind: 'loading' };
  private _round = 0;
  private _cursor = 0;
  private _pointer: number | null = null;
  private _hovered: Choice | null = null;
  private _selected: Choice | null = null;
  private _hidden = new Set<BlockKind>();
  private _active = 0;
  private _depth = 2;
  private _notes: readonly string[] = [];

  constructor(source: MemorySource) {
    this._source = source;
    const changed = () => this._changed.emit();
    this.sight = new Sight(() => this._framed.emit());
    this.focus = new Focus(track => this.tracks[track]?.timeline ?? null, changed);
    this.listing = new Listing(
      () => ({
        timeline: this.activeTimeline,
        moment: this.momentOf(this._active),
        found: this.focus.found(this._active)
      }),
      changed
    );
    this.batch = new Batch(() => this.activeTimeline, changed);
    this.budget = new Budgeting(source.measure, changed);
  }

  /** Emitted when anything but the pointer's place or the part in sight changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when the cursor or what is under the pointer changed. */
  get moved(): ISignal<this, void> {
    return this._moved;
  }

  /** Emitted when another part of time or address came in sight. */
  get framed(): ISignal<this, void> {
    return this._framed;
  }

  get state(): MemoryState {
    return this._state;
  }

  get tracks(): readonly Track[] {
    return this._state.kind === 'full' ? this._state.tracks : [];
  }

  /** The track that panels and table speak of. */
  get active(): number {
    return this._active;
  }

  /** The moment that is explained, in the first track's time. */
  get cursor(): number {
    return this._cursor;
  }

  /** Where the pointer is, in the first track's time; null while it is elsewhere. */
  get pointer(): number | null {
    return this._pointer;
  }

  get hovered(): Choice | null {
    return this._hovered;
  }

  get selected(): Choice | null {
    return this._selected;
  }

  get depth(): number {
    return this._depth;
  }

  /** What is not shown and why, in sentences. */
  get notes(): readonly string[] {
    return this._notes;
  }

  /** Load the documents anew; an answer that a newer call overtook is dropped. */
  async load(): Promise<void> {
    const round = ++this._round;
    this._set({ kind: 'loading' });
    try {
      const input = await this._source.load();
      if (round === this._round) {
        this.show(input);
      }
    } catch (error) {
      if (round === this._round) {
        this._set({ kind: 'error', error });
      }
    }
  }

  /** Show these documents. Documents that cannot be read lead to the error state. */
  show(input: MemoryInput): void {
    this._round++;
    this._pointer = this._hovered = this._selected = null;
    this._active = 0;
    this.budget.show(input.curve ?? null);
    this._notes = input.notes ?? [];
    try {
      const documents = input.documents.filter(document => document.blocks.count > 0);
      const first = documents[0];
      if (!first) {
        this._set({ kind: 'empty' });
        return;
      }
      const tracks = documents.map(document => ({
        timeline: new Timeline(document),
        toReference: align(document, first),
        fromReference: align(first, document)
      }));
      this._state = { kind: 'full', tracks };
      this.batch.show(first.batch ?? null);
      this.sight.show(tracks.map(({ timeline }) => timeline));
      this._cursor = tracks[0]?.timeline.peak.time ?? first.start;
      this._changed.emit();
    } catch (error) {
      this._set({ kind: 'error', error });
    }
  }

  /** The part of a track that is shown, in its own time and addresses counted from its lowest. */
  spanOf(index: number): Span {
    const track = this.tracks[index];
    const { from, to } = this.sight.window;
    const { low, high } = this.sight.addresses;
    const base = track?.timeline.bottom ?? 0;
    return {
      from: track?.fromReference(from) ?? 0,
      to: track?.fromReference(to) ?? 1,
      low: low + base,
      high: high + base
    };
  }

  /** The bytes at the top of the curves: one scale for all tracks. */
  get ceiling(): number {
    const peaks = this.tracks.map(track => track.timeline.peak.bytes);
    const most = Math.max(1, ...peaks);
    const capacity = this.capacity;
    const top = Math.max(most, this.batch.isOther ? (this.batch.peak ?? 0) : 0);
    return capacity && capacity < 1.6 * top ? Math.max(capacity, top) * 1.04 : top * 1.06;
  }

  /** The bytes that the device may hold, if a document says so. */
  get capacity(): number | null {
    return this.activeTimeline?.document.capacity ?? null;
  }

  get activeTimeline(): Timeline | null {
    return this.tracks[this._active]?.timeline ?? null;
  }

  /** Put the cursor to a time of the first track. */
  moveCursor(time: number): void {
    const first = this.tracks[0]?.timeline;
    if (first) {
      this._cursor = Math.min(Math.max(time, first.start), first.stop);
      this._changed.emit();
    }
  }

  /** Note where the pointer is: a time of the first track and a block, or nowhere. */
  point(time: number | null, choice: Choice | null): void {
    this._pointer = time;
    this._hovered = choice;
    this._moved.emit();
  }

  /** Move the cursor by events of the active track, and keep it in sight. */
  stepCursor(events: number): void {
    const track = this.tracks[this._active];
    if (!track) {
      return;
    }
    const { timeline } = track;
    const now = this.momentOf(this._active);
    const last = timeline.times.length - 1;
    // Going back, the event at the cursor itself is the first to leave.
    const index = timeline.eventAfter(now) + events - 1;
    const time = timeline.times[Math.min(Math.max(index, 0), last)] ?? now;
    this._cursor = track.toReference(time);
    this.sight.reveal(this._cursor);
    this._changed.emit();
  }

  /** Put the cursor to a track's peak. */
  goToPeak(index: number): void {
    const track = this.tracks[index];
    if (track) {
      this._active = index;
      this._cursor = track.toReference(track.timeline.peak.time);
      this.sight.reveal(this._cursor);
      this._changed.emit();
    }
  }

  /** The cursor in a track's own time: a time at which something is held. */
  momentOf(index: number): number {
    const track = this.tracks[index];
    if (!track) {
      return 0;
    }
    const { timeline } = track;
    const time = track.fromReference(this._cursor);
    const exact = Math.abs(time - timeline.peak.time) < 1e-6 ? timeline.peak.time : time;
    return Math.min(Math.max(exact, timeline.start), lastMoment(timeline));
  }

  /** Choose a block, or none. */
  select(choice: Choice | null): void {
    this._selected = choice;
    if (choice) {
      this._active = choice.track;
    }
    this._changed.emit();
  }

  /** Choose the next block above (1) or below (-1) the chosen one at the cursor. */
  selectNeighbour(direction: 1 | -1): void {
    const timeline = this.activeTimeline;
    if (!timeline) {
      return;
    }
    const alive = timeline.aliveAt(this.momentOf(this._active));
    const order = sortedRows(timeline.address, alive);
    const now = this._selected?.track === this._active ? this._selected.block : -1;
    const at = order.indexOf(now);
    const next = at < 0 ? (direction > 0 ? 0 : order.length - 1) : at + direction;
    const block = order[Math.min(Math.max(next, 0), order.length - 1)];
    if (block !== undefined) {
      this.select({ track: this._active, block });
    }
  }

  /** Bring a track's figures into panels and table. */
  activate(index: number): void {
    if (index !== this._active && this.tracks[index]) {
      this._active = index;
      this._changed.emit();
    }
  }

  isHidden(kind: BlockKind): boolean {
    return this._hidden.has(kind);
  }

  /** Show or hide a kind. */
  toggle(kind: BlockKind): void {
    if (!this._hidden.delete(kind)) {
      this._hidden.add(kind);
    }
    this._changed.emit();
  }

  /** The hidden kinds of a track: bit k for kind k of its document. */
  hiddenMask(index: number): number {
    const kinds = this.tracks[index]?.timeline.document.kinds ?? [];
    return kinds.reduce((mask, kind, bit) => mask | (this._hidden.has(kind) ? 1 << bit : 0), 0);
  }

  /** Tell modules apart by so many names of their path. */
  setDepth(depth: number): void {
    this._depth = Math.min(Math.max(depth, 1), 9);
    this._changed.emit();
  }

  /** Who holds the memory at the cursor, in the active track. */
  get explanation(): Explanation | null {
    const timeline = this.activeTimeline;
    if (!timeline) {
      return null;
    }
    const time = this.momentOf(this._active);
    const { _depth: depth } = this;
    return this._memo.get('explanation', [timeline, time, depth], () =>
      explain(timeline, time, depth)
    );
  }

  private _set(state: MemoryState): void {
    this._state = state;
    this._changed.emit();
  }
}

/** The last time at which a document's blocks are still held. */
function lastMoment(timeline: Timeline): number {
  const { start, stop, document } = timeline;
  return document.unit === 'ns' ? stop - 1 : Math.max(start, stop - 1);
}
