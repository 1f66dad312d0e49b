/** Builds the tree of groups: by module path and phase, then by repeats and sheer length. */

import type { GraphGroup } from '../api/documents.ts';
import { eachNeighbour, type GraphEdges } from './edges.ts';
import { findCuts, findRepeats, MOST_SIBLINGS } from './folding.ts';
import { Hash, leafHashes } from './structure.ts';
import type { Group, GroupOrigin, Item, TreeOptions } from './tree.ts';

/** Makes the groups of one graph. */
export class TreeBuilder {
  readonly names: (string | undefined)[];
  private readonly _edges: GraphEdges;
  private readonly _groups: Group[] = [];
  private readonly _byKey = new Map<string, number>();
  private readonly _known = new Map<string, GraphGroup>();
  private readonly _groupOf: Int32Array;

  constructor(edges: GraphEdges) {
    this._edges = edges;
    this._groupOf = new Int32Array(edges.leafCount);
    this.names = new Array<string | undefined>(edges.leafCount);
    edges.document.groups?.forEach(group => this._known.set(group.path, group));
  }

  build({ foldRepeats }: TreeOptions): void {
    this._make('', '', '', 'root', 0);
    this._placeLeaves();
    this._simplify(0);
    const hashes = leafHashes(this._edges, this._groupOf);
    this._finish(0, hashes, foldRepeats);
  }

  /** The groups that are left, renumbered, each before what is in it. */
  reachable(): Group[] {
    const kept: Group[] = [];
    const visit = (number: number, parent: number, depth: number) => {
      const group = this._group(number);
      const own = kept.push(group) - 1;
      group.parent = parent;
      group.depth = depth;
      group.children = group.children.map(child =>
        child < 0 ? ~visit(~child, own, depth + 1) : child
      );
      return own;
    };
    visit(0, 0, 0);
    return kept;
  }

  private _group(number: number): Group {
    const group = this._groups[number];
    if (!group) {
      throw new RangeError(`no group ${number}`);
    }
    return group;
  }

  private _make(
    key: string,
    name: string,
    path: string,
    origin: GroupOrigin,
    parent: number
  ): number {
    const kind = origin === 'module' ? (this._known.get(path)?.kind ?? '') : '';
    const number =
      this._groups.push({
        key,
        path,
        origin,
        name,
        kind,
        parent,
        depth: 0,
        children: [],
        leaves: 0,
        times: 1,
        hash: 0,
        flops: null,
        bytes: null,
        ms: null
      }) - 1;
    this._byKey.set(key, number);
    return number;
  }

  private _placeLeaves(): void {
    const { nodes } = this._edges.document;
    const phases = new Set<string>();
    for (const node of nodes) {
      phases.add(node.phase ?? '');
    }
    phases.delete('');
    let [path, phase, number] = ['', '', 0];
    for (let leaf = 0; leaf < this._edges.leafCount; leaf++) {
      const node = nodes[leaf];
      const own = phases.size > 1 ? (node?.phase ?? '') : '';
      const group = node?.group ?? '';
      if (group !== path || own !== phase) {
        path = group;
        phase = own;
        number = this._module(phase, path);
      }
      this._group(number).children.push(leaf);
      this._groupOf[leaf] = number;
    }
  }

  private _module(phase: string, path: string): number {
    if (!path && !phase) {
      return 0;
    }
    const key = `${phase}|${path}`;
    const known = this._byKey.get(key);
    if (known !== undefined) {
      return known;
    }
    const dot = path.lastIndexOf('.');
    const parent = path ? this._module(phase, path.slice(0, Math.max(dot, 0))) : 0;
    const name = path ? path.slice(dot + 1) : phase;
    const number = this._make(key, name, path, path ? 'module' : 'phase', parent);
    this._group(parent).children.push(~number);
    return number;
  }

  /** Put what needs no frame of its own into the group around it, and sort by the order of runs. */
  private _simplify(number: number): number {
    const group = this._group(number);
    const { order } = this._edges;
    const first = firstOfLeaves(group.children, order);
    if (first !== null) {
      return first; // most groups are a module's few calls, as they should be
    }
    const children: Item[] = [];
    const starts: number[] = [];
    const keep = (item: Item, start: number) => {
      children.push(item);
      starts.push(start);
    };
    for (const child of group.children) {
      if (child >= 0) {
        keep(child, order[child] ?? 0);
        continue;
      }
      const start = this._simplify(~child);
      const inner = this._group(~child);
      const [only] = inner.children;
      if (inner.children.length === 1 && only !== undefined && only < 0) {
        const deeper = this._group(~only);
        deeper.name = `${inner.name}.${deeper.name}`;
        keep(only, start);
      } else if (inner.origin === 'module' && this._isLoose(inner, ~child)) {
        for (const leaf of inner.children) {
          const deeper = this.names[leaf];
          this.names[leaf] = deeper === undefined ? inner.name : `${inner.name}.${deeper}`;
          this._groupOf[leaf] = number;
          keep(leaf, order[leaf] ?? 0);
        }
      } else {
        keep(child, start);
      }
    }
    group.children = sortedBy(children, starts);
    return starts.reduce((least, start) => Math.min(least, start), Infinity);
  }

  /** Whether a group is one leaf, or a few that have nothing to do with each other. */
  private _isLoose(group: Group, number: number): boolean {
    if (group.children.length === 1) {
      return (group.children[0] ?? -1) >= 0;
    }
    if (group.children.length > 8 || group.children.some(child => child < 0)) {
      return false;
    }
    let joined = false;
    for (const leaf of group.children) {
      eachNeighbour(this._edges.inward, leaf, maker => {
        joined ||= this._groupOf[maker] === number;
      });
    }
    return !joined;
  }

  /** Hash, fold, cut and sum, the innermost groups first. */
  private _finish(number: number, hashes: Float64Array, foldRepeats: boolean): void {
    const group = this._group(number);
    for (const child of group.children) {
      if (child < 0) {
        this._finish(~child, hashes, foldRepeats);
      }
    }
    this._summarise(group, hashes);
    if (foldRepeats && group.origin !== 'repeat') {
      this._foldRepeats(group, hashes);
    }
    if (group.children.length > MOST_SIBLINGS) {
      this._cut(group, hashes);
    }
  }

  private _foldRepeats(group: Group, hashes: Float64Array): void {
    const items = group.children;
    const tokens = items.map(item => this._hash(item, hashes));
    const fewest = (start: number, period: number) =>
      period > 1 ? 12 : (items[start] ?? 0) < 0 ? 3 : 16;
    const children: Item[] = [];
    let next = 0;
    for (const { start, period, times } of findRepeats(tokens, fewest)) {
      children.push(...items.slice(next, start));
      next = start + period * times;
      if (start === 0 && next === items.length && period === 1) {
        // All there is: one more frame around it would tell nothing.
        children.push(...items.slice(start, next));
        group.times = times;
        continue;
      }
      const members: Item[] = [];
      for (let at = start; at < next; at += period) {
        const part = items.slice(at, at + period);
        const turn = (at - start) / period + 1;
        const whole =
          period > 1 ? this._wrap(group, part, `#${at}`, `${turn}`, 'stretch', hashes) : part[0];
        members.push(whole ?? 0);
      }
      const [head, last] = [members[0] ?? 0, members[members.length - 1] ?? 0];
      const name = this._rangeName(head, last, times);
      const fold = this._wrap(group, members, `*${start}`, name, 'repeat', hashes);
      const made = this._group(~fold);
      made.times = times;
      made.kind = head < 0 ? this._group(~head).kind : '';
      if (members.length > MOST_SIBLINGS) {
        this._cut(made, hashes);
      }
      children.push(fold);
    }
    children.push(...items.slice(next));
    group.children = children;
  }

  private _rangeName(first: Item, last: Item, times: number): string {
    if (first < 0) {
      return `${this._group(~first).name} … ${this._group(~last).name}`;
    }
    return `${this._edges.node(first)?.op ?? this._edges.kindOf(first)} × ${times}`;
  }

  private _cut(group: Group, hashes: Float64Array): void {
    const items = group.children;
    const places = new Map<number, number>();
    items.forEach((item, place) => this._eachLeaf(item, leaf => places.set(leaf, place)));
    const crossings = new Int32Array(items.length + 1);
    for (const [leaf, place] of places) {
      eachNeighbour(this._edges.inward, leaf, maker => {
        const from = places.get(maker) ?? place;
        if (from < place) {
          crossings[from + 1] = (crossings[from + 1] ?? 0) + 1;
          crossings[place + 1] = (crossings[place + 1] ?? 0) - 1;
        }
      });
    }
    for (let i = 1; i < crossings.length; i++) {
      crossings[i] = (crossings[i] ?? 0) + (crossings[i - 1] ?? 0);
    }
    const cuts = findCuts(items.length, before => crossings[before] ?? 0);
    group.children = cuts.map((start, i) => {
      const end = cuts[i + 1] ?? items.length;
      const name = this._stretchName(items, start, end);
      return this._wrap(group, items.slice(start, end), `/${start}`, name, 'stretch', hashes);
    });
    if (group.children.length > MOST_SIBLINGS) {
      this._cut(group, hashes);
    }
  }

  /** From which sibling to which, counting from 1; of stretches, what they cover together. */
  private _stretchName(items: readonly Item[], start: number, end: number): string {
    const stretch = (place: number) => {
      const item = items[place] ?? 0;
      const [from, to] = (item < 0 ? this._group(~item) : null)?.name.split(' – ') ?? [];
      return from !== undefined && to !== undefined ? { from, to } : null;
    };
    return `${stretch(start)?.from ?? start + 1} – ${stretch(end - 1)?.to ?? end}`;
  }

  private _wrap(
    around: Group,
    children: Item[],
    suffix: string,
    name: string,
    origin: GroupOrigin,
    hashes: Float64Array
  ): Item {
    let key = around.key + suffix;
    while (this._byKey.has(key)) {
      key += suffix;
    }
    const number = this._make(key, name, around.path, origin, 0);
    const made = this._group(number);
    made.children = children;
    this._summarise(made, hashes);
    return ~number;
  }

  private _hash(item: Item, hashes: Float64Array): number {
    return item < 0 ? this._group(~item).hash : (hashes[item] ?? 0);
  }

  private _summarise(group: Group, hashes: Float64Array): void {
    const hash = new Hash().addText(group.kind);
    group.leaves = 0;
    group.flops = group.bytes = group.ms = null;
    for (const child of group.children) {
      hash.add(this._hash(child, hashes));
      const figures = child < 0 ? this._group(~child) : this._edges.node(child);
      group.leaves += child < 0 ? this._group(~child).leaves : 1;
      group.flops = sum(group.flops, figures?.flops);
      group.bytes = sum(group.bytes, figures?.bytes);
      group.ms = sum(group.ms, figures?.ms);
    }
    group.hash = hash.value;
  }

  private _eachLeaf(item: Item, visit: (leaf: number) => void): void {
    if (item >= 0) {
      visit(item);
      return;
    }
    const { children } = this._group(~item);
    for (let i = 0, { length } = children; i < length; i++) {
      this._eachLeaf(children[i] ?? 0, visit);
    }
  }
}

/** The place of the first of leaves that stand in their order; null where they do not, or groups. */
function firstOfLeaves(children: readonly Item[], order: Int32Array): number | null {
  let last = -1;
  for (const child of children) {
    const place = order[child] ?? -1;
    if (child < 0 || place < last) {
      return null;
    }
    last = place;
  }
  const [first] = children;
  return first === undefined ? null : (order[first] ?? 0);
}

/** Items by their keys; as they are where those rise already. */
function sortedBy(items: Item[], keys: readonly number[]): Item[] {
  if (keys.every((key, i) => i === 0 || key >= (keys[i - 1] ?? 0))) {
    return items;
  }
  const places = items.map((_, i) => i).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
  return places.map(place => items[place] ?? 0);
}

function sum(total: number | null, figure: number | null | undefined): number | null {
  return figure === null || figure === undefined ? total : (total ?? 0) + figure;
}
