/** Will it fit? The peak for another batch size, from what each block grows by per sample. */

import type { Timeline } from './timeline.ts';

/** The fullest moment at a batch size: the bytes held then, and how they grow by the sample. */
interface Fullest {
  bytes: number;
  growth: number;
}

/** The predicted peak in bytes at a batch size; null if the document does not say how it grows. */
export function peakAt(timeline: Timeline, batch: number): number | null {
  return fullest(timeline, batch)?.bytes ?? null;
}

/** The largest batch whose predicted peak stays within `capacity`; 0 if none, null if unknown. */
export function largestBatch(timeline: Timeline, capacity: number): number | null {
  if (!timeline.perSample?.some(bytes => bytes > 0)) {
    return null;
  }
  // The peak is the greatest of many straight lines. Going from one that is too high down to where
  // it meets the capacity never passes the answer, and lands on it after a few lines.
  let batch = 2 ** 40;
  for (;;) {
    const found = fullest(timeline, batch);
    if (!found) {
      return null;
    }
    if (found.bytes <= capacity) {
      return batch;
    }
    if (found.growth <= 0 || batch < 1) {
      return 0;
    }
    const meets = Math.floor(batch - (found.bytes - capacity) / found.growth);
    batch = Math.max(Math.min(meets, batch - 1), 0);
  }
}

function fullest(timeline: Timeline, batch: number): Fullest | null {
  const { perSample, events, bytes, document } = timeline;
  if (!perSample || !document.batch) {
    return null;
  }
  const more = batch - document.batch;
  const best = { bytes: 0, growth: 0 };
  let used = 0;
  let growth = 0;
  for (const event of events) {
    const block = event >= 0 ? event : ~event;
    const grows = perSample[block] as number;
    const size = (bytes[block] as number) + more * grows;
    used += event >= 0 ? size : -size;
    growth += event >= 0 ? grows : -grows;
    if (used > best.bytes) {
      best.bytes = used;
      best.growth = growth;
    }
  }
  return best;
}
