/** The state of one graph view: the graph, what is open, chosen, searched and how it is coloured. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { GraphDocument } from '../api/documents.ts';
import type { Place } from '../source/focus.ts';
import { type ColourBy, Colouring } from './colouring.ts';
import { GraphEdges } from './edges.ts';
import { EdgeCollector } from './groupEdges.ts';
import { Highlight, type Reach } from './highlight.ts';
import { keysTo, readableKeys } from './opening.ts';
import { CalledOff, Layouter, type WorkerLike } from './layouter.ts';
import { Linked } from './linked.ts';
import { type Mark, spreadMarks } from './marks.ts';
import { type MeasureTimes, Timing } from './measuring.ts';
import { afterPasses, earliest, madeBy } from './passes.ts';
import { EMPTY_SCENE, flatten, frame, type Scene } from './scene.ts';
import { Search } from './search.ts';
import { GraphTree, type Item, ROOT } from './tree.ts';
import { type Direction, step } from './walk.ts';

/** The four states that a view draws. */
export type GraphState =
  | { kind: 'loading' }
  | { kind: 'empty' }
  | { kind: 'error'; error: unknown }
  | { kind: 'full'; graph: ShownGraph };

/** A graph as it is shown: after some of its passes, as a tree, and the picture of what is open. */
export interface ShownGraph {
  readonly document: GraphDocument;
  readonly edges: GraphEdges;
  readonly tree: GraphTree;
  readonly collector: EdgeCollector;
  readonly search: Search;
  readonly scene: Scene;
}

/** How a graph is shown when it opens. */
export interface Preferences {
  readonly colourBy: ColourBy;
  readonly foldRepeats: boolean;
}

/** What a view does when the picture changed. */
export interface SceneChange {
  /** The item that should stay where it is on the screen; null: show everything. */
  readonly anchor: Item | null;
}

/** Milliseconds of a picture's layout that are spent at once; the worker has the rest. */
const MOST_AT_ONCE = 60;
const SOON = 300;

/** Holds the state, and asks the worker for layouts; draws nothing. */
export class GraphModel {
  readonly startWorker: () => WorkerLike;
  /** Asks for measured times, where something can be run. */
  readonly timing: Timing;
  private readonly _layouter: Layouter;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _sceneChanged = new Signal<this, SceneChange>(this);
  private readonly _revealed = new Signal<this, Item>(this);
  private _state: GraphState = { kind: 'loading' };
  private _whole: GraphDocument | null = null;
  private _open = new Set<string>();
  private _selected: Item | null = null;
  private _highlight: Highlight | null = null;
  private _reach: Reach = 'near';
  private _query = '';
  private _hits: readonly Item[] = [];
  private _colourBy: ColourBy = 'family';
  private _colouring: Colouring | null = null;
  private _foldRepeats = true;
  private _pass = 0;
  private _marks: ReadonlyMap<Item, Mark> = new Map();
  private _markNodes: ReadonlyMap<string, Mark> = new Map();
  private _work = new AbortController();
  private _round = 0;
  private _busy = false;
  private _pending: ShownGraph | null = null;
  private _coloured: GraphTree | null = null;
  private _linked = new Linked();

  constructor(startWorker: () => WorkerLike, measure?: MeasureTimes) {
    this.startWorker = startWorker;
    this._layouter = new Layouter(startWorker);
    this.timing = new Timing(measure, () => this._changed.emit());
  }

  /** Emitted when anything but the camera changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted when there is a new picture. */
  get sceneChanged(): ISignal<this, SceneChange> {
    return this._sceneChanged;
  }

  /** Emitted when an item should be brought into sight. */
  get revealed(): ISignal<this, Item> {
    return this._revealed;
  }

  get state(): GraphState {
    return this._state;
  }

  /** The graph, if there is one. */
  get graph(): ShownGraph | null {
    return this._state.kind === 'full' ? this._state.graph : null;
  }

  /** The document as it came, which is the graph after its last pass. */
  get document(): GraphDocument | null {
    return this._whole;
  }

  /** Whether a layout is under way. */
  get busy(): boolean {
    return this._busy;
  }

  get selected(): Item | null {
    return this._selected;
  }

  get highlight(): Highlight | null {
    return this._highlight;
  }

  get reach(): Reach {
    return this._reach;
  }

  get query(): string {
    return this._query;
  }

  get hits(): readonly Item[] {
    return this._hits;
  }

  get colouring(): Colouring | null {
    return this._colouring;
  }

  get colourBy(): ColourBy {
    return this._colourBy;
  }

  get foldRepeats(): boolean {
    return this._foldRepeats;
  }

  /** After how many passes the graph is shown. */
  get pass(): number {
    return this._pass;
  }

  get marks(): ReadonlyMap<Item, Mark> {
    return this._marks;
  }

  /** What is chosen in another view. */
  get linked(): Linked {
    return this._linked;
  }

  /** Light up what another view has chosen; nothing moves. */
  setLinked(place: Place | null): void {
    if (place !== this._linked.place) {
      this._linked = new Linked(place, this.graph);
      this._changed.emit();
    }
  }

  /** Wait for a document and show it; an answer that a newer one overtook is dropped. */
  async load(coming: Promise<GraphDocument>): Promise<void> {
    const round = ++this._round;
    this._set({ kind: 'loading' });
    try {
      const document = await coming;
      if (round === this._round) {
        await this.show(document);
      }
    } catch (error) {
      if (round === this._round) {
        this._set({ kind: 'error', error });
      }
    }
  }

  /** Show a document, opened as far as it stays readable. */
  async show(document: GraphDocument): Promise<void> {
    this._whole = document;
    this._pass = document.passes?.length ?? 0;
    this._open = new Set();
    this._markNodes = new Map();
    this._selected = this._highlight = null;
    this._query = '';
    this._hits = [];
    if (!document.nodes.length && this._pass === earliest(document)) {
      this._set({ kind: 'empty' });
      return;
    }
    this._open = readableKeys((await this._rebuild()).tree);
    await this._picture(null);
  }

  /** Whether a group is open. */
  isOpen(item: Item): boolean {
    const group = this.graph?.tree.group(item);
    return item === ROOT || (group !== undefined && this._open.has(group.key));
  }

  /** Open or close a group; `alike` does the same to every group of the same structure. */
  async toggle(item: Item, alike = false): Promise<void> {
    const tree = this.graph?.tree;
    const group = tree?.group(item);
    if (!tree || !group || item === ROOT) {
      return;
    }
    const opening = !this._open.has(group.key);
    const touched = alike ? tree.groups.filter(other => other.hash === group.hash) : [group];
    for (const { key } of touched) {
      if (opening) {
        this._open.add(key);
      } else {
        this._open.delete(key);
      }
    }
    this._climb();
    await this._picture(item);
  }

  /** Open all groups down to a depth, and close those below; 0 closes all. */
  async openTo(depth: number): Promise<void> {
    const tree = this.graph?.tree;
    if (!tree) {
      return;
    }
    this._open = keysTo(tree, depth);
    this._climb();
    await this._picture(null);
  }

  /** The deepest level that there is to open. */
  get deepest(): number {
    return this.graph?.tree.groups.reduce((most, group) => Math.max(most, group.depth), 0) ?? 0;
  }

  /** Choose an item, or nothing. */
  select(item: Item | null): void {
    if (item !== this._selected) {
      this._selected = item;
      this._light();
      this._changed.emit();
    }
  }

  /** Choose an item wherever it is: open what is around it and bring it into sight. */
  async reveal(item: Item): Promise<void> {
    if (this.graph) {
      this._selected = item;
      this._light();
      this._changed.emit();
      await this.open(item);
    }
  }

  /** Open what is around an item and bring it into sight, without choosing it. */
  async open(item: Item): Promise<void> {
    const tree = this.graph?.tree;
    if (!tree) {
      return;
    }
    for (const around of tree.ancestors(item)) {
      this._open.add(tree.group(around)?.key ?? '');
    }
    if (!this.graph?.scene.boxes.has(item)) {
      await this._picture(item);
    }
    this._revealed.emit(item);
  }

  /** Choose and reveal the node with this id; false if there is none. */
  revealNode(id: string): boolean {
    const leaf = this.graph?.document.nodes.findIndex(node => node.id === id) ?? -1;
    if (leaf >= 0) {
      void this.reveal(leaf);
    }
    return leaf >= 0;
  }

  /** Choose the item that an arrow key leads to. */
  walk(direction: Direction): void {
    const { graph } = this;
    if (!graph) {
      return;
    }
    const from = this._selected ?? graph.tree.groups[0]?.children[0];
    const to =
      this._selected === null || from === undefined
        ? from
        : step(graph.tree, graph.scene, from, direction);
    if (to !== undefined) {
      this.select(to);
      this._revealed.emit(to);
    }
  }

  /** Choose the group around the choice, and close it; at the top, choose nothing. */
  async leave(): Promise<void> {
    const tree = this.graph?.tree;
    if (!tree || this._selected === null) {
      return;
    }
    if (this._selected < 0 && this.isOpen(this._selected)) {
      await this.toggle(this._selected);
      return;
    }
    const around = tree.parent(this._selected);
    if (around === undefined || around === ROOT) {
      this.select(null);
    } else {
      this.select(around);
      await this.toggle(around);
    }
  }

  setReach(reach: Reach): void {
    this._reach = reach;
    this._light();
    this._changed.emit();
  }

  /** Look for words; the hits are in `hits`. */
  search(query: string): void {
    this._query = query;
    this._hits = this.graph?.search.find(query) ?? [];
    this._changed.emit();
  }

  /** Choose what colours tell; for times that nobody has measured, they are asked for. */
  setColourBy(by: ColourBy): void {
    this._colourBy = by;
    this._colour();
    this._changed.emit();
    if (by === 'ms' && this.timing.possible && !this.timed) {
      void this.measure();
    }
  }

  /** Whether the document has measured times. */
  get timed(): boolean {
    return this._whole?.nodes.some(node => typeof node.ms === 'number') ?? false;
  }

  /** Have the calls measured, and show the times; until then everything can be used. */
  async measure(): Promise<void> {
    const round = this._round;
    const whole = this._whole;
    const timed = whole && (await this.timing.measure(whole));
    if (timed && round === this._round) {
      this._whole = timed;
      await this._again();
    }
  }

  /** Begin otherwise than usual; before there is a graph. */
  prefer({ colourBy, foldRepeats }: Preferences): void {
    this._colourBy = colourBy;
    this._foldRepeats = foldRepeats;
  }

  /** Fold or unfold equal siblings. */
  async setFoldRepeats(fold: boolean): Promise<void> {
    if (fold !== this._foldRepeats) {
      this._foldRepeats = fold;
      await this._again();
    }
  }

  /** Show the graph after this many passes, with what the last of them made marked. */
  async setPass(count: number): Promise<void> {
    const whole = this._whole;
    if (!whole || count === this._pass) {
      return;
    }
    this._pass = Math.max(earliest(whole), Math.min(whole.passes?.length ?? 0, count));
    const { made } = madeBy(whole, this._pass - 1);
    this._markNodes = new Map([...made].map(id => [id, 'added' as const]));
    await this._again();
  }

  /** Mark nodes by their ids, such as those that another graph lacks. */
  setMarks(marks: ReadonlyMap<string, Mark>): void {
    this._markNodes = marks;
    this._spreadMarks();
    this._changed.emit();
  }

  /** Open exactly the groups with these keys, as far as this graph has them. */
  async setOpen(keys: Iterable<string>, anchor: Item | null): Promise<void> {
    this._open = new Set(keys);
    await this._picture(anchor);
  }

  /** The keys of the open groups. */
  get openKeys(): ReadonlySet<string> {
    return this._open;
  }

  dispose(): void {
    this._round += 1;
    this._work.abort();
    this.timing.cancel();
    this._layouter.dispose();
    Signal.clearData(this);
  }

  /** Build the tree anew from the same document, keeping what is open and chosen. */
  private async _again(): Promise<void> {
    const before = this.graph;
    const id = this._selected === null ? undefined : before?.edges.node(this._selected)?.id;
    const key = before?.tree.group(this._selected ?? 0)?.key;
    const graph = await this._rebuild();
    const leaf = graph.document.nodes.findIndex(node => node.id === id);
    this._selected =
      id !== undefined && leaf >= 0
        ? leaf
        : key === undefined
          ? null
          : (graph.tree.find(key) ?? null);
    if (this._query) {
      this._hits = graph.search.find(this._query);
    }
    await this._picture(null);
  }

  /** The graph at the present pass; its scene is made by `_picture`. */
  private async _rebuild(): Promise<ShownGraph> {
    if (!this._whole) {
      throw new TypeError('a graph is shown before it is rebuilt');
    }
    this._work.abort();
    const document = afterPasses(this._whole, this._pass);
    const edges = new GraphEdges(document);
    const tree = new GraphTree(edges, { foldRepeats: this._foldRepeats });
    const collector = new EdgeCollector(tree);
    const search = new Search(tree);
    const scene = this.graph?.scene ?? EMPTY_SCENE;
    const graph = { document, edges, tree, collector, search, scene };
    this._pending = graph;
    return graph;
  }

  /** Lay out what is open, and show it. */
  private async _picture(anchor: Item | null): Promise<void> {
    const graph = this._pending ?? this.graph;
    if (!graph) {
      return;
    }
    this._work.abort();
    const work = (this._work = new AbortController());
    const { tree, collector: edges } = graph;
    const isOpen = (item: Item) => this._open.has(tree.group(item)?.key ?? '');
    const rest = { ms: MOST_AT_ONCE };
    const layOut = (job: Parameters<Layouter['layOut']>[0]) =>
      this._layouter.remembered(job) ??
      this._layouter.atOnce(job, rest) ??
      this._layouter.layOut(job, work.signal);
    this._busy = true;
    try {
      const root = await frame({ tree, edges, isOpen, layOut }, ROOT);
      if (work.signal.aborted) {
        return;
      }
      this._busy = false;
      this._pending = null;
      this._state = { kind: 'full', graph: { ...graph, scene: flatten(root, tree) } };
      this._colour();
      this._light();
      this._spreadMarks();
      this._linked = new Linked(this._linked.place, this.graph);
      this._sceneChanged.emit({ anchor });
      this._changed.emit();
      // For what is opened next; before the first picture it would only be in the way.
      setTimeout(() => {
        if (!work.signal.aborted) {
          this._layouter.warm();
        }
      }, SOON);
    } catch (error) {
      if (!(error instanceof CalledOff)) {
        this._busy = false;
        this._set({ kind: 'error', error });
      }
    }
  }

  /** When the choice has gone out of sight, choose the closed group that it is in. */
  private _climb(): void {
    const tree = this.graph?.tree;
    if (tree && this._selected !== null) {
      const closed = tree.ancestors(this._selected).find(around => !this.isOpen(around));
      this._selected = closed ?? this._selected;
    }
  }

  private _light(): void {
    const tree = this.graph?.tree;
    const item = this._selected;
    this._highlight = tree && item !== null ? new Highlight(tree, item, this._reach) : null;
  }

  private _colour(): void {
    const { graph } = this;
    if (graph) {
      if (this._colouring?.by !== this._colourBy || this._coloured !== graph.tree) {
        this._colouring = new Colouring(graph.tree, this._colourBy);
        this._coloured = graph.tree;
      }
      const { bits, items } = graph.scene;
      this._colouring?.rescale(items.filter((_, box) => ((bits[box] ?? 0) & 2) === 0));
    }
  }

  private _spreadMarks(): void {
    this._marks = this.graph ? spreadMarks(this.graph.tree, this._markNodes) : new Map();
  }

  private _set(state: GraphState): void {
    this._state = state;
    this._changed.emit();
  }
}
