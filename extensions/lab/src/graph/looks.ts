/** What the colours and marks of a graph tell. */

import { type ColourBy, Colouring } from './colouring.ts';
import { type Mark, spreadMarks } from './marks.ts';
import type { ShownGraph } from './shown.ts';
import type { GraphTree, Item } from './tree.ts';

/** The colouring, and the marks of what another graph or pass has not. */
export class Looks {
  private _by: ColourBy = 'family';
  private _colouring: Colouring | null = null;
  private coloured: GraphTree | null = null;
  private marked: ReadonlyMap<string, Mark> = new Map();
  private _marks: ReadonlyMap<Item, Mark> = new Map();

  get by(): ColourBy {
    return this._by;
  }

  get colouring(): Colouring | null {
    return this._colouring;
  }

  get marks(): ReadonlyMap<Item, Mark> {
    return this._marks;
  }

  /** Choose what colours tell. */
  colourBy(by: ColourBy, graph: ShownGraph | null): void {
    this._by = by;
    this.colour(graph);
  }

  /** Mark nodes by their ids. */
  mark(nodes: ReadonlyMap<string, Mark>, graph: ShownGraph | null): void {
    this.marked = nodes;
    this._marks = graph ? spreadMarks(graph.tree, nodes) : new Map();
  }

  /** Colour and mark a new picture. */
  renew(graph: ShownGraph): void {
    this.colour(graph);
    this.mark(this.marked, graph);
  }

  private colour(graph: ShownGraph | null): void {
    if (!graph) {
      return;
    }
    if (this._colouring?.by !== this._by || this.coloured !== graph.tree) {
      this._colouring = new Colouring(graph.tree, this._by);
      this.coloured = graph.tree;
    }
    const { bits, items } = graph.scene;
    this._colouring?.rescale(items.filter((_, box) => ((bits[box] ?? 0) & 2) === 0));
  }
}
