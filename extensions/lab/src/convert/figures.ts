/** Figures of a report as a person reads them. */

import type { CostRow } from '../api/documents.ts';
import { formatBytes } from '../ui/text.ts';

/** A difference or tolerance: "3e-7"; "∞" where it has no bound. */
export function formatDifference(value: number | null): string {
  if (value === null) {
    return '∞';
  }
  return value === 0 ? '0' : value.toExponential(0).replace('e-0', 'e-');
}

/** Milliseconds or bytes with their unit. */
export function formatCost(value: number, unit: CostRow['unit']): string {
  if (unit === 'bytes') {
    return formatBytes(value);
  }
  if (value >= 1000) {
    return `${(value / 1000).toFixed(2)} s`;
  }
  return `${value.toFixed(value >= 100 ? 0 : value >= 1 ? 1 : 3)} ms`;
}

/** The widths of the two bars of a row, in per cent of the larger figure. */
export function barWidths(row: CostRow): [number, number] {
  const most = Math.max(row.before, row.after, Number.MIN_VALUE);
  return [(100 * row.before) / most, (100 * row.after) / most];
}
