/** The graph as it was between compiler passes. */

import type { GraphDocument, GraphPatch } from '../api/documents.ts';

/** The first pass from which on the graphs are known: the number of the earliest one shown. */
export function earliest(document: GraphDocument): number {
  const passes = document.passes ?? [];
  let from = passes.length;
  while (from > 0 && passes[from - 1]?.before) {
    from -= 1;
  }
  return from;
}

/** The graph after the first `count` passes. */
export function afterPasses(document: GraphDocument, count: number): GraphDocument {
  const passes = document.passes ?? [];
  let found = document;
  for (let i = passes.length - 1; i >= count; i--) {
    const patch = passes[i]?.before;
    if (!patch) {
      throw new RangeError(`the graph before pass ${i + 1} was not kept`);
    }
    found = apply(found, patch);
  }
  return found;
}

/** The ids of the nodes that a pass made, and how many it took away. */
export function madeBy(document: GraphDocument, pass: number): { made: Set<string>; gone: number } {
  const patch = document.passes?.[pass]?.before;
  return { made: new Set(patch?.remove ?? []), gone: patch?.add?.length ?? 0 };
}

/** Put the patch's nodes in where the first removed one stood, so that the order stays readable. */
function apply(document: GraphDocument, patch: GraphPatch): GraphDocument {
  const removed = new Set(patch.remove ?? []);
  const kept = document.nodes.filter(node => !removed.has(node.id));
  const nodes = [...kept, ...(patch.add ?? [])];
  return {
    ...document,
    nodes,
    outputs: patch.outputs ?? document.outputs ?? [],
    state: patch.state ?? document.state ?? []
  };
}
