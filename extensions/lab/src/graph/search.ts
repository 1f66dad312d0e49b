/** Finds leaves and groups by words in their names. */

import { shapeText } from './describe.ts';
import { type GraphTree, type Item, ROOT } from './tree.ts';

/** Texts of all items, made once a tree when first searched. */
export class Search {
  private readonly _tree: GraphTree;
  private _texts: [Item, string][] | null = null;

  constructor(tree: GraphTree) {
    this._tree = tree;
  }

  /** The items that have every word of `query`, groups first, then in the order of runs. */
  find(query: string): Item[] {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) {
      return [];
    }
    this._texts ??= this._collect();
    return this._texts.flatMap(([item, text]) =>
      words.every(word => text.includes(word)) ? [item] : []
    );
  }

  private _collect(): [Item, string][] {
    const { edges, groups } = this._tree;
    const texts: [Item, string][] = [];
    groups.forEach((group, number) => {
      if (~number !== ROOT) {
        texts.push([~number, `${group.path} ${group.name} ${group.kind}`.toLowerCase()]);
      }
    });
    const leaves = Array.from({ length: edges.leafCount }, (_, leaf) => leaf);
    leaves.sort((a, b) => (edges.order[a] ?? 0) - (edges.order[b] ?? 0));
    for (const leaf of leaves) {
      const node = edges.node(leaf);
      const made = edges.made(leaf).map(tensor => `${tensor.dtype} ${shapeText(tensor)}`);
      const words = node
        ? [node.op, node.id, node.group, this._tree.name(leaf), node.note]
        : [edges.kindOf(leaf), edges.handedOut(leaf)?.name];
      texts.push([leaf, [...words, ...made].join(' ').toLowerCase()]);
    }
    return texts;
  }
}
