/** The memory view's state: documents on one scale, what is shown of them, and what is chosen. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { BudgetCurve, BudgetPoint, MemoryDocument } from '../api/documents.ts';
import type { Place } from '../source/focus.ts';
import { type Alignment, align } from './align.ts';
import { type Explanation, explain } from './explain.ts';
import { largestBatch, peakAt } from './fit.ts';
import type { BlockKind } from './palette.ts';
import type { Span } from './raster.ts';
import { sortedRows } from './order.ts';
import { linkedBlocks, type Sort, type SortKey, matches, tableRows } from './rows.ts';
import { Timeline } from './timeline.ts';

/** What a view is opened with. */
export interface MemoryInput {
  documents: MemoryDocument[];
  curve?: BudgetCurve | null;
  /** What is not shown and why, in sentences. */
  notes?: string[];
}

/** Runs the step under a budget; rejects when aborted. */
export type Measure = (budget: number, abort: AbortSignal) => Promise<BudgetPoint>;

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

/** Which blocks the table lists. */
export type Scope = 'moment' | 'all';

const CLOSEST = 1e-5;

/** Holds what is shown; views draw it and call its verbs. */
export class MemoryModel {
  private readonly _source: MemorySource;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _moved = new Signal<this, void>(this);
  private readonly _framed = new Signal<this, void>(this);
  private _state: MemoryState = { kind: 'loading' };
  private _round = 0;
  private _window = { from: 0, to: 1 };
  private _addresses = { low: 0, high: 1 };
  private _cursor = 0;
  private _pointer: number | null = null;
  private _hovered: Choice | null = null;
  private _selected: Choice | null = null;
  private _hidden = new Set<BlockKind>();
  private _search = '';
  private _active = 0;
  private _depth = 2;
  private _sort: Sort = { key: 'bytes', descending: true };
  private _scope: Scope = 'moment';
  private _batch: number | null = null;
  private _curve: BudgetCurve | null = null;
  private _notes: readonly string[] = [];
  private _measuring: { budget: number; abort: AbortController } | null = null;
  private _failure: unknown = null;
  private _linked: Place | null = null;
  private _links = 0;
  private _cache = new Map<string, { key: string; value: unknown }>();

  constructor(source: MemorySource) {
    this._source = source;
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

  get window(): Readonly<{ from: number; to: number }> {
    return this._window;
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

  get search(): string {
    return this._search;
  }

  get depth(): number {
    return this._depth;
  }

  get sort(): Sort {
    return this._sort;
  }

  get scope(): Scope {
    return this._scope;
  }

  get curve(): BudgetCurve | null {
    return this._curve;
  }

  /** What is not shown and why, in sentences. */
  get notes(): readonly string[] {
    return this._notes;
  }

  /** The budget that is being measured, or null. */
  get measuring(): number | null {
    return this._measuring?.budget ?? null;
  }

  /** Why the last measurement failed, or null. */
  get failure(): unknown {
    return this._failure;
  }

  get canMeasure(): boolean {
    return this._source.measure !== undefined;
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
    this._cache.clear();
    this._pointer = this._hovered = this._selected = null;
    this._active = 0;
    this._curve = input.curve ?? null;
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
      this._batch = first.batch ?? null;
      this._fit();
      this._cursor = tracks[0]?.timeline.peak.time ?? first.start;
      this._changed.emit();
    } catch (error) {
      this._set({ kind: 'error', error });
    }
  }

  /** The part of a track that is shown, in its own time and addresses counted from its lowest. */
  spanOf(index: number): Span {
    const track = this.tracks[index];
    const { from, to } = this._window;
    const base = track?.timeline.bottom ?? 0;
    return {
      from: track?.fromReference(from) ?? 0,
      to: track?.fromReference(to) ?? 1,
      low: this._addresses.low + base,
      high: this._addresses.high + base
    };
  }

  /** The bytes at the top of the curves: one scale for all tracks. */
  get ceiling(): number {
    const peaks = this.tracks.map(track => track.timeline.peak.bytes);
    const most = Math.max(1, ...peaks);
    const capacity = this.capacity;
    const predicted = this.predictedPeak ?? 0;
    const top = Math.max(most, this.otherBatch ? predicted : 0);
    return capacity && capacity < 1.6 * top ? Math.max(capacity, top) * 1.04 : top * 1.06;
  }

  /** The bytes that the device may hold, if a document says so. */
  get capacity(): number | null {
    return this.activeTimeline?.document.capacity ?? null;
  }

  get activeTimeline(): Timeline | null {
    return this.tracks[this._active]?.timeline ?? null;
  }

  /** Show all there is. */
  fit(): void {
    this._fit();
    this._framed.emit();
  }

  /** Show a span of the first track's time. */
  zoomTo(from: number, to: number): void {
    const first = this.tracks[0]?.timeline;
    if (!first) {
      return;
    }
    const whole = first.stop - first.start;
    const width = Math.min(Math.max(to - from, whole * CLOSEST), whole);
    const left = Math.min(Math.max(from, first.start), first.stop - width);
    this._window = { from: left, to: left + width };
    this._framed.emit();
  }

  /** Zoom about a time: below 1 goes closer. */
  zoomBy(factor: number, about: number): void {
    const { from, to } = this._window;
    const width = (to - from) * factor;
    const share = (about - from) / (to - from);
    this.zoomTo(about - share * width, about + (1 - share) * width);
  }

  /** Move the window by a share of its width. */
  pan(share: number): void {
    const { from, to } = this._window;
    const by = (to - from) * share;
    this.zoomTo(from + by, to + by);
  }

  /** Zoom the addresses about one of them. */
  zoomAddresses(factor: number, about: number): void {
    const { low, high } = this._addresses;
    const whole = this._reach();
    const size = Math.min(Math.max((high - low) * factor, 4096), whole);
    const share = (about - low) / (high - low);
    const bottom = Math.min(Math.max(about - share * size, 0), whole - size);
    this._addresses = { low: bottom, high: bottom + size };
    this._framed.emit();
  }

  /** Move the addresses by a share of what is shown. */
  panAddresses(share: number): void {
    const { low, high } = this._addresses;
    const size = high - low;
    const bottom = Math.min(Math.max(low + share * size, 0), this._reach() - size);
    this._addresses = { low: bottom, high: bottom + size };
    this._framed.emit();
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
    this._reveal(this._cursor);
    this._changed.emit();
  }

  /** Put the cursor to a track's peak. */
  goToPeak(index: number): void {
    const track = this.tracks[index];
    if (track) {
      this._active = index;
      this._cursor = track.toReference(track.timeline.peak.time);
      this._reveal(this._cursor);
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

  /** Bring blocks into focus whose names hold a text. */
  setSearch(text: string): void {
    this._search = text;
    this._changed.emit();
  }

  /** Which blocks of a track are in focus: what is searched, else what is linked; null: all. */
  focusOf(index: number): Uint8Array | null {
    return this._found(index) ?? this.linkedOf(index);
  }

  /** Light up what another view has chosen; nothing moves. */
  setLinked(place: Place | null): void {
    if (place !== this._linked) {
      this._linked = place;
      this._links += 1;
      this._changed.emit();
    }
  }

  /** Which blocks of a track another view has chosen; null where it has none of them. */
  linkedOf(index: number): Uint8Array | null {
    const timeline = this.tracks[index]?.timeline;
    return timeline
      ? this._cached(`linked${index}`, String(this._links), () =>
          linkedBlocks(timeline, this._linked)
        )
      : null;
  }

  /** How many blocks of a track are chosen elsewhere, and their bytes. */
  linkedSum(index: number): { blocks: number; bytes: number } {
    const linked = this.linkedOf(index);
    return this._cached(`sum${index}`, String(this._links), () => {
      const bytes = this.tracks[index]?.timeline.bytes;
      const sum = { blocks: 0, bytes: 0 };
      linked?.forEach((is, block) => {
        sum.blocks += is;
        sum.bytes += is * (bytes?.[block] ?? 0);
      });
      return sum;
    });
  }

  private _found(index: number): Uint8Array | null {
    const timeline = this.tracks[index]?.timeline;
    return timeline
      ? this._cached(`focus${index}`, this._search, () => matches(timeline, this._search))
      : null;
  }

  /** Tell modules apart by so many names of their path. */
  setDepth(depth: number): void {
    this._depth = Math.min(Math.max(depth, 1), 9);
    this._changed.emit();
  }

  /** Sort the table by a column; again turns the order round. */
  sortBy(key: SortKey): void {
    const same = this._sort.key === key;
    const numeric = key === 'bytes' || key === 'life';
    this._sort = { key, descending: same ? !this._sort.descending : numeric };
    this._changed.emit();
  }

  setScope(scope: Scope): void {
    this._scope = scope;
    this._changed.emit();
  }

  /** The rows of the table. */
  get rows(): Uint32Array {
    const timeline = this.activeTimeline;
    if (!timeline) {
      return new Uint32Array();
    }
    const time = this._scope === 'moment' ? this.momentOf(this._active) : -1;
    const key = [this._active, time, this._search, this._sort.key, this._sort.descending].join();
    return this._cached('rows', key, () => {
      const among = time < 0 ? null : timeline.aliveAt(time);
      return tableRows(timeline, this._sort, among, this._found(this._active));
    });
  }

  /** Who holds the memory at the cursor, in the active track. */
  get explanation(): Explanation | null {
    const timeline = this.activeTimeline;
    if (!timeline) {
      return null;
    }
    const time = this.momentOf(this._active);
    const key = [this._active, time, this._depth].join();
    return this._cached('explanation', key, () => explain(timeline, time, this._depth));
  }

  /** The batch size that is asked about, null if the document names none. */
  get batch(): number | null {
    return this._batch;
  }

  /** Whether the batch size asked about is another than the one that was run. */
  get otherBatch(): boolean {
    return this._batch !== null && this._batch !== this.activeTimeline?.document.batch;
  }

  setBatch(batch: number): void {
    this._batch = Math.max(1, Math.floor(batch) || 1);
    this._changed.emit();
  }

  /** The predicted peak at `batch`, null where growth is unknown. */
  get predictedPeak(): number | null {
    const timeline = this.activeTimeline;
    const batch = this._batch;
    if (!timeline || batch === null) {
      return null;
    }
    const key = `${this._active},${batch}`;
    return this._cached('predicted', key, () => peakAt(timeline, batch));
  }

  /** The largest batch that fits the capacity, null where that is unknown. */
  get largestBatch(): number | null {
    const timeline = this.activeTimeline;
    const capacity = this.capacity;
    if (!timeline || !capacity) {
      return null;
    }
    return this._cached('largest', String(this._active), () => largestBatch(timeline, capacity));
  }

  /** Choose a budget on the curve. */
  setBudget(budget: number): void {
    if (this._curve) {
      this._curve = { ...this._curve, chosen: budget };
      this._changed.emit();
    }
  }

  /** Measure the chosen budget for real; the point joins the curve. */
  async measure(): Promise<void> {
    const budget = this._curve?.chosen;
    const run = this._source.measure;
    if (!run || budget === undefined || budget === null || this._measuring) {
      return;
    }
    const abort = new AbortController();
    this._measuring = { budget, abort };
    this._failure = null;
    this._changed.emit();
    try {
      const point = await run(budget, abort.signal);
      if (!abort.signal.aborted && this._curve) {
        this._curve = { ...this._curve, points: [...this._curve.points, point] };
      }
    } catch (error) {
      this._failure = abort.signal.aborted ? null : error;
    } finally {
      this._measuring = null;
      this._changed.emit();
    }
  }

  /** Give up a running measurement. */
  cancelMeasure(): void {
    this._measuring?.abort.abort();
  }

  private _fit(): void {
    const first = this.tracks[0]?.timeline;
    this._window = { from: first?.start ?? 0, to: first?.stop ?? 1 };
    this._addresses = { low: 0, high: this._reach() };
  }

  private _reach(): number {
    return Math.max(1, ...this.tracks.map(({ timeline }) => timeline.top - timeline.bottom));
  }

  private _reveal(time: number): void {
    const { from, to } = this._window;
    if (time < from || time > to) {
      const half = (to - from) / 2;
      const first = this.tracks[0]?.timeline;
      const left = Math.min(
        Math.max(time - half, first?.start ?? 0),
        (first?.stop ?? 1) - 2 * half
      );
      this._window = { from: left, to: left + 2 * half };
    }
  }

  private _set(state: MemoryState): void {
    this._state = state;
    this._changed.emit();
  }

  private _cached<T>(slot: string, key: string, make: () => T): T {
    const held = this._cache.get(slot);
    if (held?.key === key) {
      return held.value as T;
    }
    const value = make();
    this._cache.set(slot, { key, value });
    return value;
  }
}

/** The last time at which a document's blocks are still held. */
function lastMoment(timeline: Timeline): number {
  const { start, stop, document } = timeline;
  return document.unit === 'ns' ? stop - 1 : Math.max(start, stop - 1);
}
