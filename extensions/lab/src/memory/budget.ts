/** The budget slider's numbers: what memory costs in time, between the points that are known. */

import type { BudgetCurve, BudgetPoint } from '../api/documents.ts';

/**
 * The points by rising budget; of two for one budget the measured one.
 *
 * A model's times are right among themselves: the nearest measured time sets their scale.
 */
export function sortedPoints(curve: BudgetCurve): BudgetPoint[] {
  const best = new Map<number, BudgetPoint>();
  for (const point of onOneScale(curve.points)) {
    if (point.measured || !best.get(point.budget)?.measured) {
      best.set(point.budget, point);
    }
  }
  return [...best.values()].sort((a, b) => a.budget - b.budget);
}

function onOneScale(points: readonly BudgetPoint[]): BudgetPoint[] {
  const model = points.filter(point => !point.measured).sort((a, b) => a.budget - b.budget);
  const scales = points
    .filter(point => point.measured)
    .map(({ budget, ms }) => ({ budget, by: ms / (expectedAt(model, budget)?.ms || ms) }));
  return points.map(point => {
    const [nearest] = scales.sort(
      (a, b) => Math.abs(a.budget - point.budget) - Math.abs(b.budget - point.budget)
    );
    return point.measured || !nearest ? point : { ...point, ms: point.ms * nearest.by };
  });
}

/** What to expect at a budget: a point's own figures, or a straight line between two. */
export function expectedAt(points: readonly BudgetPoint[], budget: number): BudgetPoint | null {
  const right = points.findIndex(point => point.budget >= budget);
  const next = right < 0 ? points.at(-1) : points[right];
  const previous = right > 0 ? points[right - 1] : next;
  if (!next || !previous || right === -1 || next.budget === budget || previous === next) {
    return next ?? null;
  }
  const share = (budget - previous.budget) / (next.budget - previous.budget);
  return {
    budget,
    peak: previous.peak + share * (next.peak - previous.peak),
    ms: previous.ms + share * (next.ms - previous.ms),
    measured: false
  };
}

/** How much slower than without a budget: 0.06 is six in a hundred. */
export function slowdown(points: readonly BudgetPoint[], point: BudgetPoint): number {
  const fastest = Math.min(...points.map(other => other.ms));
  return fastest > 0 ? point.ms / fastest - 1 : 0;
}
