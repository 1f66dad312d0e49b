/** What of a graph is chosen in another view. */

import { meantBy, type Place } from '../source/focus.ts';
import type { ShownGraph } from './shown.ts';
import type { Item } from './tree.ts';
import { visibleOf } from './walk.ts';

/** A place of another view's, and the leaves and boxes that stand for it. */
export class Linked {
  /** What the other view has chosen, null if nothing. */
  readonly place: Place | null;
  readonly leaves: readonly number[];
  /** The items of the picture that are, or have in them, such a leaf. */
  readonly items: ReadonlySet<Item>;

  constructor(place: Place | null = null, graph: ShownGraph | null = null) {
    this.place = place;
    this.leaves = place && graph ? leavesAt(graph, place) : [];
    const seen = new Set<Item>();
    for (const leaf of this.leaves) {
      if (graph) {
        seen.add(visibleOf(graph.tree, graph.scene, leaf));
      }
    }
    this.items = seen;
  }
}

function leavesAt({ document }: ShownGraph, place: Place): number[] {
  const places = document.nodes.map(({ group, op, source }) => ({
    op,
    module: group ?? '',
    source: source ?? null
  }));
  return [...meantBy(place, places)];
}
