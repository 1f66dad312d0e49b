/** By what boxes are coloured, and the legend that explains it. */

import type { GraphTree, Item } from './tree.ts';

/** The choices; 'family' colours by the kind of operator. */
export type ColourBy = 'family' | 'ms' | 'bytes' | 'flops' | 'dtype' | 'layout' | 'phase';

export const COLOUR_CHOICES: readonly ColourBy[] = [
  'family',
  'ms',
  'bytes',
  'flops',
  'dtype',
  'layout',
  'phase'
];

/** A figure from 0 to 1 of the largest shown, a class by its number, or nothing to show. */
export type Shade = { heat: number } | { class: number } | null;

/** What the colours mean. */
export type Legend =
  | { kind: 'classes'; classes: readonly { name: string; number: number }[] }
  | { kind: 'figure'; largest: number }
  | { kind: 'none' };

export const FAMILIES = [
  'matrix',
  'normalisation',
  'activation',
  'elementwise',
  'reduction',
  'shape',
  'update',
  'other'
] as const;

/** Which operators belong to a family, by a word in their name; the first that fits counts. */
const FAMILY_WORDS: readonly [RegExp, (typeof FAMILIES)[number]][] = [
  [/conv|matmul|gemm|linear|dense|attention|einsum|dot|addmm|bmm|lstm|gru|rnn/, 'matrix'],
  [/norm|lrn/, 'normalisation'],
  [/sgd|adam|adagrad|adadelta|lamb|momentum|update|assign/, 'update'],
  [/relu|gelu|silu|sigmoid|tanh|softmax|softplus|swish|elu|erf|mish|dropout/, 'activation'],
  [/pool|reduce|^sum|mean|^max$|^min$|argm|var|loss|entropy|topk|sort|cumsum/, 'reduction'],
  [
    /reshape|transpose|permute|reorder|layout|concat|split|slice|gather|scatter|pad|squeeze|flatten|expand|broadcast|cast|astype|copy|identity|index|embedding|where|resize|shape|stack|tile|view/,
    'shape'
  ],
  [
    /add|sub|mul|div|pow|sqrt|exp|log|neg|abs|clip|round|floor|compare|equal|less|greater|fused/,
    'elementwise'
  ]
];

/** The family of an operator, as a number in `FAMILIES`. */
export function familyOf(op: string): number {
  const name = op.toLowerCase();
  const found = FAMILY_WORDS.find(([words]) => words.test(name))?.[1] ?? 'other';
  return FAMILIES.indexOf(found);
}

/** The shades of a tree's items under one choice. */
export class Colouring {
  readonly by: ColourBy;
  private readonly _tree: GraphTree;
  private readonly _classes = new Map<string, number>();
  private readonly _families = new Map<string, number>();
  private readonly _groups = new Map<Item, number>();
  private _legend: Legend | null = null;
  private _largest = 0;

  constructor(tree: GraphTree, by: ColourBy) {
    this._tree = tree;
    this.by = by;
  }

  /** Take the figures of what is shown now as the scale. */
  rescale(items: Iterable<Item>): void {
    if (this.by === 'ms' || this.by === 'bytes' || this.by === 'flops') {
      let largest = 0;
      for (const item of items) {
        largest = Math.max(largest, this._tree.figures(item)[this.by] ?? 0);
      }
      this._largest = largest;
    }
  }

  shadeOf(item: Item): Shade {
    if (this.by === 'ms' || this.by === 'bytes' || this.by === 'flops') {
      const figure = this._tree.figures(item)[this.by];
      return figure === null ? null : { heat: this._largest ? figure / this._largest : 0 };
    }
    if (item >= 0) {
      const found = this._classOf(item);
      return found === null ? null : { class: found };
    }
    // A group is shown in the colour of most of what is in it; not by family: it mixes them all.
    if (this.by === 'family') {
      return null;
    }
    let most = this._groups.get(item);
    if (most === undefined) {
      most = this._mostOf(item);
      this._groups.set(item, most);
    }
    return most < 0 ? null : { class: most };
  }

  /** What the colours mean; the classes are those that the graph has. */
  legend(): Legend {
    this._legend ??= this._explain();
    return this._legend.kind === 'classes' ? this._legend : this._explain();
  }

  private _explain(): Legend {
    if (this.by === 'ms' || this.by === 'bytes' || this.by === 'flops') {
      return this._largest ? { kind: 'figure', largest: this._largest } : { kind: 'none' };
    }
    const present = new Set<number>();
    for (let leaf = 0; leaf < this._tree.edges.nodeCount; leaf++) {
      present.add(this._classOf(leaf) ?? -1);
    }
    const all = this.by === 'family' ? FAMILIES : [...this._classes.keys()];
    const classes = all.flatMap((name, i) => (present.has(i) ? [{ name, number: i }] : []));
    return classes.length ? { kind: 'classes', classes } : { kind: 'none' };
  }

  private _classOf(leaf: number): number | null {
    const node = this._tree.edges.node(leaf);
    if (!node) {
      return null;
    }
    if (this.by === 'family') {
      let family = this._families.get(node.op);
      if (family === undefined) {
        family = familyOf(node.op);
        this._families.set(node.op, family);
      }
      return family;
    }
    const [made] = node.outputs ?? [];
    const name =
      this.by === 'phase'
        ? node.phase
        : this.by === 'dtype'
          ? made?.dtype
          : made && (made.layout || 'plain');
    if (!name) {
      return null;
    }
    let found = this._classes.get(name);
    if (found === undefined) {
      found = this._classes.size;
      this._classes.set(name, found);
    }
    return found;
  }

  private _mostOf(item: Item): number {
    const counts = new Map<number, number>();
    this._tree.eachLeaf(item, leaf => {
      const found = this._classOf(leaf);
      if (found !== null) {
        counts.set(found, (counts.get(found) ?? 0) + 1);
      }
    });
    return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), [-1, 0])[0];
  }
}
