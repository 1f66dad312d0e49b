/** One moment in two runs: times are paired where both name the moment, and between linearly. */

import type { MemoryDocument } from '../api/documents.ts';

/** Where a time of one document lies in another. */
export type Alignment = (time: number) => number;

/**
 * The alignment of `from` with `to`, by start, stop and the marks that both have in one order.
 *
 * Runs in nanoseconds are not stretched: their times mean the same.
 */
export function align(from: MemoryDocument, to: MemoryDocument): Alignment {
  if (from === to) {
    return time => time;
  }
  if (from.unit === 'ns' && to.unit === 'ns') {
    return time => time - from.start + to.start;
  }
  const anchors: [number, number][] = [[from.start, to.start]];
  for (const mark of from.marks ?? []) {
    const same = to.marks?.find(other => other.name === mark.name);
    const [time, other] = anchors.at(-1) as [number, number];
    if (same && mark.time > time && same.time > other && mark.time < from.stop) {
      anchors.push([mark.time, same.time]);
    }
  }
  anchors.push([from.stop, to.stop]);
  return time => {
    let index = 1;
    while (index < anchors.length - 1 && time > (anchors[index]?.[0] ?? Infinity)) {
      index++;
    }
    const [left, low] = anchors[index - 1] as [number, number];
    const [right, high] = anchors[index] as [number, number];
    return right > left ? low + ((time - left) / (right - left)) * (high - low) : low;
  };
}
