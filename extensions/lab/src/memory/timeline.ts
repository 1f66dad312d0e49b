/** A memory document made ready for questions: decoded, ordered by time, totals at hand. */

import type { MemoryDocument, Origin } from '../api/documents.ts';
import { decodeColumn } from './columns.ts';
import { firstAbove, sortedRows } from './order.ts';

const STRIDE = 4096;

/** Blocks and their births and deaths; all lookups are by block number. */
export class Timeline {
  readonly document: MemoryDocument;
  readonly count: number;
  readonly start: number;
  readonly stop: number;
  readonly bytes: Float64Array;
  readonly address: Float64Array;
  readonly birth: Float64Array;
  readonly death: Float64Array;
  readonly perSample: Float64Array | null;
  readonly kind: Uint8Array;
  readonly origin: Uint32Array;
  readonly tensor: Uint32Array;
  readonly shape: Uint32Array;
  /** Block numbers by rising birth, and the greatest death up to each chunk of them. */
  readonly byBirth: Uint32Array;
  /** Births and deaths by time, deaths first: block b is made by b, dropped by ~b. */
  readonly events: Int32Array;
  readonly times: Float64Array;
  readonly peak: { bytes: number; time: number };
  /** The least and the greatest address in use. */
  readonly bottom: number;
  readonly top: number;
  private readonly _checkpoints: Float64Array;
  private readonly _births: Float64Array;
  private _steps: { times: Float64Array; origins: Float64Array } | null = null;

  constructor(document: MemoryDocument) {
    const { blocks } = document;
    const count = blocks.count;
    const column = (name: 'bytes' | 'address' | 'birth' | 'death'): Float64Array =>
      decodeColumn(blocks[name], count, name);
    this.document = document;
    this.count = count;
    this.start = document.start;
    this.stop = document.stop;
    this.bytes = column('bytes');
    this.address = column('address');
    this.birth = column('birth');
    this.death = column('death');
    this.perSample = blocks.per_sample
      ? decodeColumn(blocks.per_sample, count, 'per_sample')
      : null;
    this.kind = new Uint8Array(decodeColumn(blocks.kind, count, 'kind'));
    this.origin = new Uint32Array(decodeColumn(blocks.origin, count, 'origin'));
    this.tensor = new Uint32Array(decodeColumn(blocks.tensor, count, 'tensor'));
    this.shape = new Uint32Array(decodeColumn(blocks.shape, count, 'shape'));
    this.byBirth = sortedRows(this.birth);
    this._births = new Float64Array(count);
    for (let index = 0; index < count; index++) {
      this._births[index] = this.birth[this.byBirth[index] as number] as number;
    }
    [this.events, this.times] = this._merge(sortedRows(this.death));
    let bottom = Infinity;
    let top = 0;
    for (let block = 0; block < count; block++) {
      bottom = Math.min(bottom, this.address[block] as number);
      top = Math.max(top, (this.address[block] as number) + (this.bytes[block] as number));
    }
    this.bottom = count ? bottom : 0;
    this.top = top;
    [this._checkpoints, this.peak] = this._accumulate();
  }

  /** What made a block. */
  originOf(block: number): Origin {
    return this.document.origins[this.origin[block] as number] ?? { op: '' };
  }

  /** The tensor's name, "" if it has none. */
  tensorOf(block: number): string {
    return this.document.tensors[this.tensor[block] as number] ?? '';
  }

  /** Type and dimensions, "" if they are not known. */
  shapeOf(block: number): string {
    return this.document.shapes[this.shape[block] as number] ?? '';
  }

  /** What ran last at or before a time, undefined before anything did. */
  runningAt(time: number): Origin | undefined {
    const { steps } = this;
    if (steps.times.length) {
      const at = firstAbove(steps.times, time) - 1;
      return at < 0 ? undefined : this.document.origins[steps.origins[at] as number];
    }
    const born = this.bornBy(time);
    return born ? this.originOf(this.byBirth[born - 1] as number) : undefined;
  }

  /** When steps ran and the origin of each; empty where the document does not say. */
  private get steps(): { times: Float64Array; origins: Float64Array } {
    const { steps } = this.document;
    this._steps ??= {
      times: steps ? decodeColumn(steps.time, steps.count, 'steps.time') : new Float64Array(),
      origins: steps ? decodeColumn(steps.origin, steps.count, 'steps.origin') : new Float64Array()
    };
    return this._steps;
  }

  /** How many blocks of `byBirth` were made at or before a time. */
  bornBy(time: number): number {
    return firstAbove(this._births, time);
  }

  /** The bytes held at a time, by kind. */
  totalsAt(time: number): Float64Array {
    const kinds = this.document.kinds.length;
    const end = firstAbove(this.times, time);
    const chunk = Math.floor(end / STRIDE);
    const totals = this._checkpoints.slice(chunk * kinds, (chunk + 1) * kinds);
    for (let index = chunk * STRIDE; index < end; index++) {
      this._apply(totals, this.events[index] as number);
    }
    return totals;
  }

  /** The blocks held at a time, in the order of their birth. */
  aliveAt(time: number): Uint32Array {
    const found: number[] = [];
    const end = this.bornBy(time);
    for (let index = 0; index < end; index++) {
      const block = this.byBirth[index] as number;
      if ((this.death[block] as number) > time) {
        found.push(block);
      }
    }
    return Uint32Array.from(found);
  }

  /** The number of the first event after a time. */
  eventAfter(time: number): number {
    return firstAbove(this.times, time);
  }

  /** Add what an event changes to totals by kind. */
  private _apply(totals: Float64Array, event: number): void {
    const block = event >= 0 ? event : ~event;
    const kind = this.kind[block] as number;
    const bytes = this.bytes[block] as number;
    totals[kind] = (totals[kind] as number) + (event >= 0 ? bytes : -bytes);
  }

  private _merge(byDeath: Uint32Array): [Int32Array, Float64Array] {
    const { birth, death, byBirth, count } = this;
    const events = new Int32Array(2 * count);
    const times = new Float64Array(2 * count);
    let born = 0;
    let died = 0;
    for (let index = 0; index < 2 * count; index++) {
      const next = born < count ? (byBirth[born] as number) : -1;
      const gone = byDeath[died] as number;
      if (next < 0 || (death[gone] as number) <= (birth[next] as number)) {
        events[index] = ~gone;
        times[index] = death[gone] as number;
        died++;
      } else {
        events[index] = next;
        times[index] = birth[next] as number;
        born++;
      }
    }
    return [events, times];
  }

  private _accumulate(): [Float64Array, { bytes: number; time: number }] {
    const { events, times, bytes, kind } = this;
    const kinds = this.document.kinds.length;
    const chunks = Math.floor(events.length / STRIDE) + 1;
    const checkpoints = new Float64Array(chunks * kinds);
    const totals = new Float64Array(kinds);
    let used = 0;
    const peak = { bytes: 0, time: this.start };
    for (let index = 0; index < events.length; index++) {
      if (index % STRIDE === 0) {
        checkpoints.set(totals, (index / STRIDE) * kinds);
      }
      const event = events[index] as number;
      const block = event >= 0 ? event : ~event;
      const change = event >= 0 ? (bytes[block] as number) : -(bytes[block] as number);
      const family = kind[block] as number;
      totals[family] = (totals[family] as number) + change;
      used += change;
      if (used > peak.bytes) {
        peak.bytes = used;
        peak.time = times[index] as number;
      }
    }
    if (events.length % STRIDE === 0) {
      checkpoints.set(totals, (chunks - 1) * kinds);
    }
    return [checkpoints, peak];
  }

  /**
   * The bytes by kind at the fullest moment of each of `columns` equal spans of [from, to], and
   * that moment: `columns` rows of one number a kind.
   */
  spans(
    from: number,
    to: number,
    columns: number,
    hidden = 0
  ): { totals: Float64Array; when: Float64Array } {
    const kinds = this.document.kinds.length;
    const totals = new Float64Array(columns * kinds);
    const when = new Float64Array(columns);
    const now = this.totalsAt(from);
    const weight = Array.from({ length: kinds }, (_, kind) => ((hidden >> kind) & 1 ? 0 : 1));
    let used = now.reduce((sum, bytes, kind) => sum + bytes * (weight[kind] as number), 0);
    let index = this.eventAfter(from);
    const { events, times, bytes, kind } = this;
    const width = (to - from) / columns;
    let at = from;
    for (let column = 0; column < columns; column++) {
      const end = column === columns - 1 ? to : from + width * (column + 1);
      // What ends where the span begins is not in it.
      while (index < events.length && (times[index] as number) <= at) {
        const event = events[index] as number;
        this._apply(now, event);
        const block = event >= 0 ? event : ~event;
        const size = (bytes[block] as number) * (weight[kind[block] as number] as number);
        used += event >= 0 ? size : -size;
        index++;
      }
      let best = used;
      totals.set(now, column * kinds);
      when[column] = at;
      let stale = false;
      while (index < events.length && (times[index] as number) < end) {
        const event = events[index] as number;
        const made = event >= 0;
        const block = made ? event : ~event;
        const family = kind[block] as number;
        const size = bytes[block] as number;
        if (made) {
          now[family] = (now[family] as number) + size;
          used += size * (weight[family] as number);
          if (used > best) {
            best = used;
            stale = true;
            at = times[index] as number;
          }
        } else {
          if (stale) {
            totals.set(now, column * kinds);
            when[column] = at;
            stale = false;
          }
          now[family] = (now[family] as number) - size;
          used -= size * (weight[family] as number);
        }
        index++;
      }
      if (stale) {
        totals.set(now, column * kinds);
        when[column] = at;
      }
      at = end;
    }
    return { totals, when };
  }
}
