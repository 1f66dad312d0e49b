/** What lights up around a choice: its neighbours, or all that it depends on and that depends on it. */

import { type Adjacency, eachNeighbour } from './edges.ts';
import type { GraphTree, Item } from './tree.ts';

/** How far the light reaches: one edge, all the way up, all the way down, or both. */
export type Reach = 'near' | 'up' | 'down' | 'both';

/** Counts of lit leaves in every item that has some. */
type Counts = Map<Item, number>;

/** The lit items and edges of one choice. */
export class Highlight {
  readonly item: Item;
  private readonly _near: boolean;
  private readonly _own: Counts;
  private readonly _up: Counts;
  private readonly _down: Counts;
  private readonly _totals: { own: number; up: number; down: number };

  constructor(tree: GraphTree, item: Item, reach: Reach) {
    const own: number[] = [];
    tree.eachLeaf(item, leaf => own.push(leaf));
    const { inward, outward } = tree.edges;
    const up = reach === 'down' ? new Set(own) : spread(own, inward, reach !== 'near');
    const down = reach === 'up' ? new Set(own) : spread(own, outward, reach !== 'near');
    this.item = item;
    this._near = reach === 'near';
    this._own = countIn(tree, own);
    this._up = countIn(tree, up);
    this._down = countIn(tree, down);
    this._totals = { own: own.length, up: up.size, down: down.size };
  }

  /** Whether an item is, or has in it, something lit. */
  has(item: Item): boolean {
    return this._up.has(item) || this._down.has(item);
  }

  /**
   * Whether an edge of the picture is lit.
   *
   * `outside` tells which end, if any, is the outside of the group that is named there.
   */
  hasEdge(from: Item, to: Item, outside: 'from' | 'to' | null): boolean {
    const at = (counts: Counts, total: number, item: Item, out: boolean) =>
      (out ? total - (counts.get(item) ?? 0) : (counts.get(item) ?? 0)) > 0;
    const { own, up, down } = this._totals;
    const [fromOut, toOut] = [outside === 'from', outside === 'to'];
    const reaches = (counts: Counts, total: number, near: 'from' | 'to') =>
      at(
        near === 'from' && this._near ? this._own : counts,
        near === 'from' && this._near ? own : total,
        from,
        fromOut
      ) &&
      at(
        near === 'to' && this._near ? this._own : counts,
        near === 'to' && this._near ? own : total,
        to,
        toOut
      );
    return reaches(this._up, up, 'to') || reaches(this._down, down, 'from');
  }
}

function spread(own: readonly number[], along: Adjacency, far: boolean): Set<number> {
  const found = new Set(own);
  const queue = [...own];
  const first = own.length;
  for (let head = 0; head < (far ? queue.length : first); head++) {
    eachNeighbour(along, queue[head] ?? 0, next => {
      if (!found.has(next)) {
        found.add(next);
        queue.push(next);
      }
    });
  }
  return found;
}

function countIn(tree: GraphTree, leaves: Iterable<number>): Counts {
  const counts: Counts = new Map();
  for (const leaf of leaves) {
    for (let at: Item | undefined = leaf; at !== undefined; at = tree.parent(at)) {
      counts.set(at, (counts.get(at) ?? 0) + 1);
    }
  }
  return counts;
}
