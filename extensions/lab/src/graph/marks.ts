/** Marks of nodes, carried to the groups around them. */

import { type GraphTree, type Item, ROOT } from './tree.ts';

/** How an item differs from its counterpart in another graph. */
export type Mark = 'added' | 'removed' | 'changed';

/** The marks of items, given those of nodes by id; a group is as new or gone as all in it is. */
export function spreadMarks(
  tree: GraphTree,
  nodes: ReadonlyMap<string, Mark>
): ReadonlyMap<Item, Mark> {
  const marks = new Map<Item, Mark>();
  if (!nodes.size) {
    return marks;
  }
  const counts = new Map<Item, number>();
  tree.edges.document.nodes.forEach((node, leaf) => {
    const mark = nodes.get(node.id);
    if (!mark) {
      return;
    }
    marks.set(leaf, mark);
    for (let at = tree.parent(leaf); at !== undefined; at = tree.parent(at)) {
      counts.set(at, (counts.get(at) ?? 0) + 1);
      const known = marks.get(at);
      marks.set(at, known === undefined || known === mark ? mark : 'changed');
    }
  });
  for (const [item, count] of counts) {
    if (count < (tree.group(item)?.leaves ?? 0)) {
      marks.set(item, 'changed');
    }
  }
  marks.delete(ROOT);
  return marks;
}
