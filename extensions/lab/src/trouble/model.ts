/** What a card about memory shows: who held what, and what the kernel says would fit. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { Advice, LiveHolder, MemoryTrouble, Origin, Way } from '../api/documents.ts';

/** What is known of the ways out; `gone` where the kernel has forgotten the call. */
export type AdviceState =
  | { kind: 'none' }
  | { kind: 'asking' }
  | { kind: 'gone' }
  | { kind: 'error'; error: unknown }
  | { kind: 'told'; advice: Advice };

/** Asks the kernel for the ways out of an error by its number; null if it knows none. */
export type Ask = (number: number) => Promise<Advice | null>;

/** A holder with where it comes from. */
export interface Held extends LiveHolder {
  from: Origin;
}

/** Holds what a card shows, and asks once. */
export class CardModel {
  readonly trouble: MemoryTrouble;
  private readonly _ask: Ask | null;
  private readonly _changed = new Signal<this, void>(this);
  private _advice: AdviceState = { kind: 'none' };

  constructor(trouble: MemoryTrouble, ask: Ask | null) {
    this.trouble = trouble;
    this._ask = ask;
  }

  /** Emitted when the advice has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get advice(): AdviceState {
    return this._advice;
  }

  /** Whether there is a kernel to ask. */
  get askable(): boolean {
    return this._ask !== null;
  }

  /** The largest holders with their origins, the largest first. */
  holders(most: number): Held[] {
    const { holders, origins } = this.trouble;
    return holders
      .slice(0, most)
      .map(holder => ({ ...holder, from: origins[holder.origin] ?? { op: 'data' } }));
  }

  /** Bytes that are not among the first `most` holders. */
  rest(most: number): number {
    const listed = this.holders(most).reduce((sum, { bytes }) => sum + bytes, 0);
    return Math.max(this.trouble.used - listed, 0);
  }

  /** Ask what would fit, unless the question is on its way. */
  async ask(): Promise<void> {
    if (!this._ask || this._advice.kind === 'asking') {
      return;
    }
    this._set({ kind: 'asking' });
    try {
      const advice = await this._ask(this.trouble.number);
      this._set(advice ? { kind: 'told', advice } : { kind: 'gone' });
    } catch (error) {
      this._set({ kind: 'error', error });
    }
  }

  private _set(advice: AdviceState): void {
    this._advice = advice;
    this._changed.emit();
  }
}

/** The ways in the order of what they ask of the user: those that fit first, letting go last. */
export function ordered(ways: readonly Way[]): Way[] {
  const rank = ({ kind, fits }: Way): number => (kind === 'free' ? 2 : fits ? 0 : 1);
  return [...ways].sort((a, b) => rank(a) - rank(b));
}
