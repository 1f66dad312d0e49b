/** What is chosen in a graph, and what it reaches. */

import { Highlight, type Reach } from './highlight.ts';
import type { Opened } from './opened.ts';
import type { ShownGraph } from './shown.ts';
import type { GraphTree, Item } from './tree.ts';
import { type Direction, step } from './walk.ts';

/** One item or none, wherever the graph goes. */
export class Choice {
  private _item: Item | null = null;
  private _reach: Reach = 'near';
  private _highlight: Highlight | null = null;

  get item(): Item | null {
    return this._item;
  }

  get reach(): Reach {
    return this._reach;
  }

  get highlight(): Highlight | null {
    return this._highlight;
  }

  /** Choose an item of this tree, or nothing. */
  set(item: Item | null, tree: GraphTree | undefined): void {
    this._item = item;
    this._highlight = tree && item !== null ? new Highlight(tree, item, this._reach) : null;
  }

  setReach(reach: Reach, tree: GraphTree | undefined): void {
    this._reach = reach;
    this.set(this._item, tree);
  }

  /** Where an arrow key leads to; without a choice, to the first item. */
  next({ tree, scene }: ShownGraph, direction: Direction): Item | undefined {
    const from = this._item;
    return from === null ? tree.groups[0]?.children[0] : step(tree, scene, from, direction);
  }

  /** When the choice has gone out of sight, choose the closed group that it is in. */
  climb(tree: GraphTree, opened: Opened): void {
    if (this._item !== null) {
      const closed = tree.ancestors(this._item).find(around => !opened.has(tree, around));
      this._item = closed ?? this._item;
    }
  }

  /** Choose in a graph what was chosen in the one before: the same node or group. */
  carry(before: ShownGraph | null, after: ShownGraph): void {
    const was = this._item;
    if (was === null) {
      return;
    }
    const id = before?.edges.node(was)?.id;
    const leaf = after.document.nodes.findIndex(node => node.id === id);
    const key = before?.tree.group(was)?.key;
    const group = key === undefined ? null : (after.tree.find(key) ?? null);
    this.set(id !== undefined && leaf >= 0 ? leaf : group, after.tree);
  }
}
