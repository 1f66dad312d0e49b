/** Finds order in long lists of siblings: what repeats, and where to cut what is too long. */

/** A stretch that repeats: `times` times `period` items from `start`. */
export interface Repeat {
  start: number;
  period: number;
  times: number;
}

/** From how many items on siblings are cut into stretches. */
export const MOST_SIBLINGS = 80;

const LONGEST_PERIOD = 64;
const FEWEST_TIMES = 3;

/**
 * The stretches that repeat at least three times, from left to right, each by its shortest period.
 *
 * `fewest` tells how many items a stretch must cover to count, given its period.
 */
export function findRepeats(
  tokens: readonly number[],
  fewest: (start: number, period: number) => number
): Repeat[] {
  const found: Repeat[] = [];
  let start = 0;
  while (start < tokens.length) {
    let best: Repeat | null = null;
    const most = Math.min(LONGEST_PERIOD, Math.floor((tokens.length - start) / FEWEST_TIMES));
    for (let period = 1; period <= most; period++) {
      const times = timesOf(tokens, start, period);
      const covered = times * period;
      // A longer period must cover clearly more: twice the shortest covers the same.
      if (
        times >= FEWEST_TIMES &&
        covered >= fewest(start, period) &&
        covered > (best ? best.times * best.period + best.period : 0)
      ) {
        best = { start, period, times };
      }
    }
    if (best) {
      found.push(best);
      start += best.times * best.period;
    } else {
      start += 1;
    }
  }
  return found;
}

function timesOf(tokens: readonly number[], start: number, period: number): number {
  let end = start + period;
  while (end < tokens.length && tokens[end] === tokens[end - period]) {
    end++;
  }
  return Math.floor((end - start) / period);
}

/**
 * Where to cut `count` siblings into stretches of a size that a picture can hold: the start of each.
 *
 * `crossing` tells how many edges a cut before an item would cut; near the even cuts the cheapest
 * place is taken, so that what belongs together stays together.
 */
export function findCuts(count: number, crossing: (before: number) => number): number[] {
  const size = Math.max(12, Math.min(MOST_SIBLINGS, Math.round(Math.sqrt(count))));
  const parts = Math.ceil(count / size);
  const slack = Math.floor(size / 4);
  const cuts = [0];
  for (let part = 1; part < parts; part++) {
    const even = Math.round((part * count) / parts);
    let best = even;
    for (let place = even - slack; place <= even + slack; place++) {
      const better = crossing(place) - crossing(best);
      if (better < 0 || (better === 0 && Math.abs(place - even) < Math.abs(best - even))) {
        best = place;
      }
    }
    cuts.push(best);
  }
  return cuts;
}
