/** The tree of groups over a graph's leaves: modules, phases, repeats and stretches. */

import type { GraphEdges } from './edges.ts';
import { TreeBuilder } from './treeBuilder.ts';

/** A leaf (its number, from 0) or a group (`~number`, below 0). */
export type Item = number;

/** Why a group exists: a module's path, a phase of the step, equal siblings, or sheer length. */
export type GroupOrigin = 'root' | 'phase' | 'module' | 'repeat' | 'stretch';

/** Sums over what is in a group; null where no leaf has the figure. */
export interface Figures {
  flops: number | null;
  bytes: number | null;
  ms: number | null;
}

/** A group. `key` names it in any tree of similar graphs, `path` is its module's path. */
export interface Group extends Figures {
  readonly key: string;
  readonly path: string;
  readonly origin: GroupOrigin;
  name: string;
  kind: string;
  parent: number;
  depth: number;
  children: Item[];
  leaves: number;
  /** How many structurally equal parts it is made of; 1 if it is not. */
  times: number;
  hash: number;
}

/** What a tree is built by. */
export interface TreeOptions {
  foldRepeats: boolean;
}

export const ROOT: Item = ~0;

/** All groups of a graph, the root first; each leaf and group has one parent. */
export class GraphTree {
  readonly edges: GraphEdges;
  readonly groups: readonly Group[];
  private readonly _parents: Int32Array;
  private readonly _names: readonly (string | undefined)[];
  private readonly _keys = new Map<string, number>();

  constructor(edges: GraphEdges, options: TreeOptions) {
    const builder = new TreeBuilder(edges);
    builder.build(options);
    this.edges = edges;
    this.groups = builder.reachable();
    this._names = builder.names;
    this._parents = new Int32Array(edges.leafCount);
    this.groups.forEach((group, number) => {
      this._keys.set(group.key, number);
      for (const child of group.children) {
        if (child >= 0) {
          this._parents[child] = number;
        }
      }
    });
  }

  /** The deepest level that there is to open. */
  get deepest(): number {
    return this.groups.reduce((most, group) => Math.max(most, group.depth), 0);
  }

  group(item: Item): Group | undefined {
    return item < 0 ? this.groups[~item] : undefined;
  }

  /** The group with this key. */
  find(key: string): Item | undefined {
    const number = this._keys.get(key);
    return number === undefined ? undefined : ~number;
  }

  /** The group that holds an item; undefined for the root. */
  parent(item: Item): Item | undefined {
    if (item === ROOT) {
      return undefined;
    }
    return ~(item < 0 ? (this.groups[~item]?.parent ?? 0) : (this._parents[item] ?? 0));
  }

  /** The groups around an item, the root first. */
  ancestors(item: Item): Item[] {
    const found: Item[] = [];
    for (let at = this.parent(item); at !== undefined; at = this.parent(at)) {
      found.unshift(at);
    }
    return found;
  }

  /** A name for a person: a group's, the module's that a leaf stands for, or the node's own. */
  name(item: Item): string {
    if (item < 0) {
      return this.groups[~item]?.name ?? '';
    }
    return this.edges.node(item)?.name || (this._names[item] ?? '');
  }

  /** The figures of an item. */
  figures(item: Item): Figures {
    const {
      flops = null,
      bytes = null,
      ms = null
    } = (item < 0 ? this.groups[~item] : this.edges.node(item)) ?? {};
    return { flops, bytes, ms };
  }

  /** Call `visit` with each leaf in an item. */
  eachLeaf(item: Item, visit: (leaf: number) => void): void {
    if (item >= 0) {
      visit(item);
      return;
    }
    // Without a closure for each group: of those there are as many as modules.
    const children = this.groups[~item]?.children ?? [];
    for (let i = 0, { length } = children; i < length; i++) {
      this.eachLeaf(children[i] ?? 0, visit);
    }
  }
}
