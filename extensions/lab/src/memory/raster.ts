/**
 * Blocks as pixels: time runs to the right, addresses upwards. A million blocks cost one pass,
 * because every pixel is written a few times at most; each pixel also remembers its block.
 */

import type { Timeline } from './timeline.ts';

/** The part of time and address that is shown. */
export interface Span {
  from: number;
  to: number;
  low: number;
  high: number;
}

/** Colours of one kind as canvas pixels: its face, its edge, and its face out of focus. */
export interface Ink {
  face: number;
  edge: number;
  faded: number;
}

/** What to draw with. */
export interface Style {
  inks: readonly Ink[];
  /** The colour where no block is. */
  ground: number;
  /** Bit k is set where kind k is not shown. */
  hidden: number;
  /** Nonzero where a block is in focus; null when all are. */
  focus: Uint8Array | null;
}

/** A picture of blocks; `picks` holds a block number a pixel, -1 where there is none. */
export class Raster {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array<ArrayBuffer>;
  readonly picks: Int32Array;
  /** A stretch of each row that is known to be covered: what is small need not be tried there. */
  private readonly _from: Int32Array;
  private readonly _to: Int32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Uint32Array(width * height);
    this.picks = new Int32Array(width * height);
    this._from = new Int32Array(height);
    this._to = new Int32Array(height);
  }

  /** The block at a pixel, or near it if a small one is; -1 if there is none. */
  pick(x: number, y: number): number {
    for (const [right, down] of NEAR) {
      const column = Math.floor(x) + right;
      const row = Math.floor(y) + down;
      if (column >= 0 && row >= 0 && column < this.width && row < this.height) {
        const found = this.picks[row * this.width + column] as number;
        if (found >= 0) {
          return found;
        }
      }
    }
    return -1;
  }

  /** Draw the blocks of a span; gives how many were in it. */
  draw(timeline: Timeline, span: Span, style: Style): number {
    const { width, height, pixels, picks } = this;
    const { birth, death, address, bytes, kind, byBirth } = timeline;
    const { inks, hidden, focus } = style;
    pixels.fill(style.ground);
    picks.fill(-1);
    this._from.fill(0);
    this._to.fill(0);
    const across = width / (span.to - span.from);
    const up = height / (span.high - span.low);
    const end = timeline.bornBy(span.to);
    let drawn = 0;
    for (let index = 0; index < end; index++) {
      const block = byBirth[index] as number;
      const dies = death[block] as number;
      const base = address[block] as number;
      const size = bytes[block] as number;
      const family = kind[block] as number;
      if (dies <= span.from || base >= span.high || base + size <= span.low || size === 0) {
        continue;
      }
      if ((hidden >> family) & 1) {
        continue;
      }
      drawn++;
      const left = Math.max(((birth[block] as number) - span.from) * across, 0) | 0;
      const right = Math.min((dies - span.from) * across, width);
      const bottom = Math.min(height - (base - span.low) * up, height);
      const top = Math.max(height - (base + size - span.low) * up, 0) | 0;
      const ink = inks[family] as Ink;
      const shown = !focus || focus[block] !== 0;
      const face = shown ? ink.face : ink.faded;
      if (right - left < 2 || bottom - top < 2) {
        // Smaller than a pixel one way: it shows where nothing larger is.
        const lastColumn = Math.min(Math.max(Math.round(right), left + 1), width);
        const lastRow = Math.min(Math.max(Math.round(bottom), top + 1), height);
        for (let row = top; row < lastRow; row++) {
          if (left >= (this._from[row] as number) && lastColumn <= (this._to[row] as number)) {
            continue;
          }
          this._cover(row, left, lastColumn);
          for (let at = row * width + left; at < row * width + lastColumn; at++) {
            if ((picks[at] as number) < 0) {
              pixels[at] = face;
              picks[at] = block;
            }
          }
        }
        continue;
      }
      const columns = Math.round(right) - left;
      const rows = Math.round(bottom) - top;
      const edge = shown && columns > 3 && rows > 3 ? ink.edge : face;
      for (let row = top; row < top + rows; row++) {
        const at = row * width + left;
        pixels.fill(row === top ? edge : face, at, at + columns);
        picks.fill(block, at, at + columns);
        pixels[at] = edge;
        this._cover(row, left, left + columns);
      }
    }
    return drawn;
  }

  private _cover(row: number, left: number, right: number): void {
    const from = this._from[row] as number;
    const to = this._to[row] as number;
    if (left <= to && right >= from && to > from) {
      this._from[row] = Math.min(from, left);
      this._to[row] = Math.max(to, right);
    } else if (right - left > to - from) {
      this._from[row] = left;
      this._to[row] = right;
    }
  }
}

const NEAR = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [0, 2],
  [0, -2],
  [2, 0],
  [-2, 0]
] as const;
