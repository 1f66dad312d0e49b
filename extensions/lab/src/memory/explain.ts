/** Why memory is full at a moment: who holds it, and what of it need not be held. */

import type { BlockKind } from './palette.ts';
import type { Timeline } from './timeline.ts';

/** What is less of the whole is not worth a sentence. */
const LEAST_SHARE = 0.01;

/** Blocks held together by one module. */
export interface Group {
  module: string;
  bytes: number;
  blocks: number;
  /** Bytes by number of kind. */
  kinds: Float64Array;
  /** The largest block. */
  largest: number;
}

/** What could give memory back, the most first. */
export interface Advice {
  what: 'stale-gradients' | 'recompute' | 'outside' | 'optimizer' | 'workspace';
  bytes: number;
}

/** Who holds the memory at a time. */
export interface Explanation {
  time: number;
  bytes: number;
  totals: Float64Array;
  groups: Group[];
  /** The place that was running: the origin of the last block made, -1 before any. */
  running: number;
  advice: Advice[];
}

/** The module whose blocks these are, down to `depth` names; "" is outside any module. */
export function moduleAt(path: string, depth: number): string {
  return path.split('.').slice(0, depth).join('.');
}

/** Explain a moment, with modules told apart by the first `depth` names of their path. */
export function explain(timeline: Timeline, time: number, depth: number): Explanation {
  const kinds = timeline.document.kinds;
  const groups = new Map<string, Group>();
  const alive = timeline.aliveAt(time);
  let total = 0;
  for (const block of alive) {
    const module = moduleAt(timeline.originOf(block).module ?? '', depth);
    let group = groups.get(module);
    if (!group) {
      const sums = new Float64Array(kinds.length);
      groups.set(module, (group = { module, bytes: 0, blocks: 0, kinds: sums, largest: block }));
    }
    const bytes = timeline.bytes[block] as number;
    const kind = timeline.kind[block] as number;
    total += bytes;
    group.bytes += bytes;
    group.blocks += 1;
    group.kinds[kind] = (group.kinds[kind] as number) + bytes;
    if (bytes > (timeline.bytes[group.largest] as number)) {
      group.largest = block;
    }
  }
  const before = timeline.bornBy(time);
  const last = before ? (timeline.byBirth[before - 1] as number) : -1;
  return {
    time,
    bytes: total,
    totals: timeline.totalsAt(time),
    groups: [...groups.values()].sort((a, b) => b.bytes - a.bytes),
    running: last < 0 ? -1 : (timeline.origin[last] as number),
    advice: advise(timeline, time, alive, total)
  };
}

function advise(timeline: Timeline, time: number, alive: Uint32Array, total: number): Advice[] {
  const { document, start, stop } = timeline;
  const backward = document.marks?.find(mark => mark.name === 'backward')?.time ?? stop;
  const found = new Map<Advice['what'], number>();
  for (const block of alive) {
    const what = wasted(
      document.kinds[timeline.kind[block] as number] as BlockKind,
      (timeline.birth[block] as number) <= start,
      timeline.death[block] as number,
      time,
      backward,
      stop
    );
    if (what) {
      found.set(what, (found.get(what) ?? 0) + (timeline.bytes[block] as number));
    }
  }
  return [...found]
    .map(([what, bytes]) => ({ what, bytes }))
    .filter(({ bytes }) => bytes >= LEAST_SHARE * total)
    .sort((a, b) => b.bytes - a.bytes);
}

/** Which advice a block that is held at `time` falls under, if any. */
function wasted(
  kind: BlockKind,
  fromBefore: boolean,
  death: number,
  time: number,
  backward: number,
  stop: number
): Advice['what'] | undefined {
  switch (kind) {
    case 'gradient':
      return fromBefore && time < backward ? 'stale-gradients' : undefined;
    case 'activation':
      if (fromBefore && death >= stop) {
        return 'outside';
      }
      return time >= backward || death > backward ? 'recompute' : undefined;
    case 'optimizer':
      return 'optimizer';
    case 'workspace':
      return 'workspace';
    default:
      return undefined;
  }
}
