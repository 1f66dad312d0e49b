/** The curve of memory against speed, the budget that is chosen on it, and its measurement. */

import type { BudgetCurve, BudgetPoint } from '../api/documents.ts';

/** Runs the step under a budget; rejects when aborted. */
export type Measure = (budget: number, abort: AbortSignal) => Promise<BudgetPoint>;

/** Holds the curve; measured points join it. */
export class Budgeting {
  private _curve: BudgetCurve | null = null;
  private _measuring: { budget: number; abort: AbortController } | null = null;
  private _failure: unknown = null;
  private readonly run: Measure | undefined;
  private readonly changed: () => void;

  constructor(run: Measure | undefined, changed: () => void) {
    this.run = run;
    this.changed = changed;
  }

  get curve(): BudgetCurve | null {
    return this._curve;
  }

  get canMeasure(): boolean {
    return this.run !== undefined;
  }

  /** The budget that is being measured, or null. */
  get measuring(): number | null {
    return this._measuring?.budget ?? null;
  }

  /** Why the last measurement failed, or null. */
  get failure(): unknown {
    return this._failure;
  }

  /** Begin with a curve, or without one. */
  show(curve: BudgetCurve | null): void {
    this._curve = curve;
  }

  /** Choose a budget on the curve. */
  choose(budget: number): void {
    if (this._curve) {
      this._curve = { ...this._curve, chosen: budget };
      this.changed();
    }
  }

  /** Measure the chosen budget for real; the point joins the curve. */
  async measure(): Promise<void> {
    const budget = this._curve?.chosen;
    if (!this.run || budget === undefined || budget === null || this._measuring) {
      return;
    }
    const abort = new AbortController();
    this._measuring = { budget, abort };
    this._failure = null;
    this.changed();
    try {
      const point = await this.run(budget, abort.signal);
      if (!abort.signal.aborted && this._curve) {
        this._curve = { ...this._curve, points: [...this._curve.points, point] };
      }
    } catch (error) {
      this._failure = abort.signal.aborted ? null : error;
    } finally {
      this._measuring = null;
      this.changed();
    }
  }

  /** Give up a running measurement. */
  cancel(): void {
    this._measuring?.abort.abort();
  }
}
