/** Which groups to open at first, and down to a depth. */

import type { GraphTree, Group } from './tree.ts';

/** So many boxes can be read at once. */
const READABLE = 36;
/** More boxes than this are not opened at once. */
const MOST_BOXES = 40_000;

/** The keys of the groups to open so that the picture tells most and stays readable. */
export function readableKeys(tree: GraphTree): Set<string> {
  const alike = new Set<number>();
  return opened(tree, READABLE, group => {
    // Of equal groups one is enough to see what they are.
    const first = !alike.has(group.hash);
    alike.add(group.hash);
    return first;
  });
}

/** The keys of all groups down to a depth; where that would be too many, of those that fit. */
export function keysTo(tree: GraphTree, depth: number): Set<string> {
  return opened(tree, MOST_BOXES, group => group.depth <= depth);
}

function opened(tree: GraphTree, most: number, wanted: (group: Group) => boolean): Set<string> {
  const keys = new Set<string>();
  let boxes = tree.groups[0]?.children.length ?? 0;
  const outerFirst = tree.groups.slice(1).sort((a, b) => a.depth - b.depth);
  for (const group of outerFirst) {
    const around = tree.groups[group.parent];
    const inSight = group.parent === 0 || (around !== undefined && keys.has(around.key));
    if (inSight && boxes + group.children.length <= most && wanted(group)) {
      keys.add(group.key);
      boxes += group.children.length;
    }
  }
  return keys;
}
