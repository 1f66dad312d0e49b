/** Where the arrow keys lead: along edges, and across siblings. */

import { type Adjacency, eachNeighbour } from './edges.ts';
import type { Scene } from './scene.ts';
import type { GraphTree, Item } from './tree.ts';

export type Direction = 'up' | 'down' | 'left' | 'right';

/** The visible item that a leaf is seen in: itself, or the closed group around it. */
export function visibleOf(tree: GraphTree, scene: Scene, leaf: number): Item {
  let at: Item = leaf;
  while (!scene.boxes.has(at)) {
    at = tree.parent(at) ?? at;
  }
  return at;
}

/** The visible items that an item reads from, or that read from it, each with what runs between. */
export function neighbours(
  tree: GraphTree,
  scene: Scene,
  item: Item,
  along: Adjacency
): Map<Item, number[]> {
  const own = new Set<number>();
  tree.eachLeaf(item, leaf => own.add(leaf));
  const found = new Map<Item, number[]>();
  for (const leaf of own) {
    eachNeighbour(along, leaf, (neighbour, tensor) => {
      if (!own.has(neighbour)) {
        const seen = visibleOf(tree, scene, neighbour);
        const tensors = found.get(seen) ?? [];
        if (!tensors.includes(tensor)) {
          tensors.push(tensor);
        }
        found.set(seen, tensors);
      }
    });
  }
  return found;
}

/** The item that a key leads to from `item`; undefined where it leads nowhere. */
export function step(
  tree: GraphTree,
  scene: Scene,
  item: Item,
  direction: Direction
): Item | undefined {
  const candidates =
    direction === 'up' || direction === 'down'
      ? neighbours(
          tree,
          scene,
          item,
          direction === 'up' ? tree.edges.inward : tree.edges.outward
        ).keys()
      : siblings(tree, scene, item, direction);
  const [x, y] = middle(scene, item);
  let best: Item | undefined;
  let least = Infinity;
  for (const candidate of candidates) {
    const [cx, cy] = middle(scene, candidate);
    const distance = Math.abs(cx - x) + Math.abs(cy - y);
    if (distance < least) {
      [best, least] = [candidate, distance];
    }
  }
  return best;
}

function siblings(tree: GraphTree, scene: Scene, item: Item, direction: 'left' | 'right'): Item[] {
  const parent = tree.parent(item);
  const [x] = middle(scene, item);
  const all = (parent === undefined ? undefined : tree.group(parent))?.children ?? [];
  return all.filter(other => {
    const distance = middle(scene, other)[0] - x;
    return other !== item && (direction === 'left' ? distance < -1 : distance > 1);
  });
}

function middle(scene: Scene, item: Item): [number, number] {
  const box = scene.boxes.get(item) ?? 0;
  return [
    (scene.x[box] ?? 0) + (scene.w[box] ?? 0) / 2,
    (scene.y[box] ?? 0) + (scene.h[box] ?? 0) / 2
  ];
}
