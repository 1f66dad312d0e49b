/** Which groups of a graph are open. */

import { keysTo } from './opening.ts';
import { type GraphTree, type Item, ROOT } from './tree.ts';

/** The open groups, by keys that outlive the tree. */
export class Opened {
  private _keys: ReadonlySet<string> = new Set();

  get keys(): ReadonlySet<string> {
    return this._keys;
  }

  /** Open exactly these. */
  set(keys: Iterable<string>): void {
    this._keys = new Set(keys);
  }

  /** Open all groups down to a depth, and close those below; 0 closes all. */
  to(tree: GraphTree, depth: number): void {
    this._keys = keysTo(tree, depth);
  }

  has(tree: GraphTree | undefined, item: Item): boolean {
    const group = tree?.group(item);
    return item === ROOT || (group !== undefined && this._keys.has(group.key));
  }

  /** Open or close a group; `alike` does the same to every group of the same structure. */
  toggle(tree: GraphTree, item: Item, alike: boolean): void {
    const group = tree.group(item);
    if (!group) {
      return;
    }
    const keys = new Set(this._keys);
    const opening = !keys.has(group.key);
    const touched = alike ? tree.groups.filter(other => other.hash === group.hash) : [group];
    for (const { key } of touched) {
      if (opening) {
        keys.add(key);
      } else {
        keys.delete(key);
      }
    }
    this._keys = keys;
  }

  /** Open what is around an item. */
  around(tree: GraphTree, item: Item): void {
    const keys = tree.ancestors(item).map(around => tree.group(around)?.key ?? '');
    this._keys = new Set([...this._keys, ...keys]);
  }
}
