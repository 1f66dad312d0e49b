/** The part of time and addresses that is in sight. */

import type { Timeline } from './timeline.ts';

const CLOSEST = 1e-5;
const FEWEST_BYTES = 4096;

/** A window on the first track's time, and on addresses counted from the lowest of each track. */
export class Sight {
  private _window = { from: 0, to: 1 };
  private _addresses = { low: 0, high: 1 };
  private _whole = { start: 0, stop: 1 };
  private _reach = 1;
  private readonly moved: () => void;

  /** `moved` is called when the user has brought another part in sight. */
  constructor(moved: () => void) {
    this.moved = moved;
  }

  get window(): Readonly<{ from: number; to: number }> {
    return this._window;
  }

  get addresses(): Readonly<{ low: number; high: number }> {
    return this._addresses;
  }

  /** Show all of these, the first of which gives the time. */
  show(timelines: readonly Timeline[]): void {
    const { start = 0, stop = 1 } = timelines[0] ?? {};
    this._whole = { start, stop };
    this._reach = Math.max(1, ...timelines.map(({ top, bottom }) => top - bottom));
    this._fit();
  }

  /** Show all there is. */
  fit(): void {
    this._fit();
    this.moved();
  }

  /** Show a span of the first track's time. */
  zoomTo(from: number, to: number): void {
    const { start, stop } = this._whole;
    const width = Math.min(Math.max(to - from, (stop - start) * CLOSEST), stop - start);
    this._place(from, width);
    this.moved();
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
    const size = Math.min(Math.max((high - low) * factor, FEWEST_BYTES), this._reach);
    const share = (about - low) / (high - low);
    this._placeAddresses(about - share * size, size);
  }

  /** Move the addresses by a share of what is shown. */
  panAddresses(share: number): void {
    const { low, high } = this._addresses;
    this._placeAddresses(low + share * (high - low), high - low);
  }

  /** Have a time in sight, without a word to anybody. */
  reveal(time: number): void {
    const { from, to } = this._window;
    if (time < from || time > to) {
      this._place(time - (to - from) / 2, to - from);
    }
  }

  private _fit(): void {
    this._window = { from: this._whole.start, to: this._whole.stop };
    this._addresses = { low: 0, high: this._reach };
  }

  private _place(from: number, width: number): void {
    const { start, stop } = this._whole;
    const left = Math.min(Math.max(from, start), stop - width);
    this._window = { from: left, to: left + width };
  }

  private _placeAddresses(low: number, size: number): void {
    const bottom = Math.min(Math.max(low, 0), this._reach - size);
    this._addresses = { low: bottom, high: bottom + size };
    this.moved();
  }
}
