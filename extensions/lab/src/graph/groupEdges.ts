/** The edges that the picture of one open group shows: between its children, and to the outside. */

import { FROM_OUTSIDE, TO_OUTSIDE } from './layout.ts';
import type { GraphTree, Item } from './tree.ts';

/** Edges by the children's places; `count` different tensors run along one, `tensor` is the first. */
export interface GroupEdges {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly tensor: readonly number[];
  readonly count: readonly number[];
}

/** Collects the edges of groups, each once. */
export class EdgeCollector {
  private readonly _tree: GraphTree;
  private readonly _known = new Map<Item, GroupEdges>();
  private readonly _place: Int32Array;

  constructor(tree: GraphTree) {
    this._tree = tree;
    this._place = new Int32Array(tree.edges.leafCount).fill(-1);
  }

  of(item: Item): GroupEdges {
    let known = this._known.get(item);
    if (!known) {
      known = this._collect(item);
      this._known.set(item, known);
    }
    return known;
  }

  private _collect(item: Item): GroupEdges {
    const { edges } = this._tree;
    const children = this._tree.group(item)?.children ?? [];
    const place = this._place;
    children.forEach((child, i) => this._tree.eachLeaf(child, leaf => (place[leaf] = i)));
    const found = { from: [] as number[], to: [] as number[], tensor: [] as number[] };
    const carried: Set<number>[] = [];
    const known = new Map<number, number>();
    const add = (from: number, to: number, tensor: number) => {
      const key = (from + 2) * 0x1000000 + to + 2;
      const edge = known.get(key);
      if (edge === undefined) {
        known.set(key, carried.length);
        carried.push(new Set([tensor]));
        found.from.push(from);
        found.to.push(to);
        found.tensor.push(tensor);
      } else {
        carried[edge]?.add(tensor);
      }
    };
    this._tree.eachLeaf(item, leaf => {
      const own = place[leaf] ?? 0;
      const { inward, outward } = edges;
      for (let i = inward.offsets[leaf] ?? 0, end = inward.offsets[leaf + 1] ?? 0; i < end; i++) {
        const from = place[inward.leaves[i] ?? 0] ?? -1;
        if (from !== own) {
          add(from < 0 ? FROM_OUTSIDE : from, own, inward.tensors[i] ?? 0);
        }
      }
      for (let i = outward.offsets[leaf] ?? 0, end = outward.offsets[leaf + 1] ?? 0; i < end; i++) {
        if ((place[outward.leaves[i] ?? 0] ?? -1) < 0) {
          add(own, TO_OUTSIDE, outward.tensors[i] ?? 0);
        }
      }
    });
    this._tree.eachLeaf(item, leaf => (place[leaf] = -1));
    return { ...found, count: carried.map(tensors => tensors.size) };
  }
}
