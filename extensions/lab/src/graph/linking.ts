/** Links a graph view with the others: tells what is chosen in it, and lights up what they chose. */

import type { FocusBus, Place } from '../source/focus.ts';
import type { GraphModel } from './model.ts';
import type { ShownGraph } from './shown.ts';
import type { Item } from './tree.ts';

/** Link a model until what is given back is called. */
export function linkGraph(model: GraphModel, bus: FocusBus): () => void {
  let last = model.selected;
  const changed = (): void => {
    if (model.selected !== last) {
      last = model.selected;
      model.setLinked(null);
      const { graph } = model;
      bus.tell(model, graph && last !== null ? placeOf(graph, last) : null);
    }
  };
  model.changed.connect(changed);
  const stop = bus.listen(model, place => model.setLinked(place));
  return () => {
    stop();
    model.changed.disconnect(changed);
  };
}

/** What an item is to the other views: a call with its line, or a module. */
export function placeOf(graph: ShownGraph, item: Item): Place {
  const { edges, tree } = graph;
  if (item < 0) {
    return { module: tree.group(item)?.path ?? '' };
  }
  const node = edges.node(item);
  if (!node) {
    return {};
  }
  const { group, op, source } = node;
  return { op, module: group ?? '', ...(source ? { source } : {}) };
}
