/** The state of one graph view: the graph, what is open, chosen, searched and how it is coloured. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { GraphDocument } from '../api/documents.ts';
import type { Place } from '../source/focus.ts';
import type { ColourBy } from './colouring.ts';
import { Choice } from './choice.ts';
import { Finding } from './finding.ts';
import type { Highlight, Reach } from './highlight.ts';
import type { WorkerLike } from './layouter.ts';
import { Linked } from './linked.ts';
import { Looks } from './looks.ts';
import type { Mark } from './marks.ts';
import { type MeasureTimes, Timing } from './measuring.ts';
import { Opened } from './opened.ts';
import { readableKeys } from './opening.ts';
import { earliest, madeBy } from './passes.ts';
import { Pictures } from './pictures.ts';
import { EMPTY_SCENE } from './scene.ts';
import {
  type GraphState,
  type Preferences,
  type SceneChange,
  type ShownGraph,
  shownAfter
} from './shown.ts';
import { type Item, ROOT } from './tree.ts';
import type { Direction } from './walk.ts';

/** Holds the state, and asks the worker for layouts; draws nothing. */
export class GraphModel {
  readonly startWorker: () => WorkerLike;
  /** Asks for measured times, where something can be run. */
  readonly timing: Timing;
  private readonly _choice = new Choice();
  private readonly _looks = new Looks();
  private readonly _opened = new Opened();
  private readonly _pictures: Pictures;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _sceneChanged = new Signal<this, SceneChange>(this);
  private readonly _revealed = new Signal<this, Item>(this);
  private _state: GraphState = { kind: 'loading' };
  private _whole: GraphDocument | null = null;
  private _finding = new Finding();
  private _foldRepeats = true;
  private _pass = 0;
  private _round = 0;
  private _pending: ShownGraph | null = null;
  private _linked = new Linked();

  constructor(startWorker: () => WorkerLike, measure?: MeasureTimes) {
    this.startWorker = startWorker;
    this._pictures = new Pictures(startWorker);
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
    return this._pictures.busy;
  }

  get selected(): Item | null {
    return this._choice.item;
  }

  get highlight(): Highlight | null {
    return this._choice.highlight;
  }

  get reach(): Reach {
    return this._choice.reach;
  }

  /** What is looked for, and found. */
  get finding(): Finding {
    return this._finding;
  }

  /** What its colours and marks tell. */
  get looks(): Omit<Looks, 'colourBy' | 'mark' | 'renew'> {
    return this._looks;
  }

  get foldRepeats(): boolean {
    return this._foldRepeats;
  }

  /** After how many passes the graph is shown. */
  get pass(): number {
    return this._pass;
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
    this._opened.set([]);
    this._looks.mark(new Map(), null);
    this._choice.set(null, undefined);
    this._finding = new Finding();
    if (!document.nodes.length && this._pass === earliest(document)) {
      this._set({ kind: 'empty' });
      return;
    }
    this._opened.set(readableKeys(this._rebuild(document).tree));
    await this._picture(null);
  }

  /** Whether a group is open. */
  isOpen(item: Item): boolean {
    return this._opened.has(this.graph?.tree, item);
  }

  /** Open or close a group; `alike` does the same to every group of the same structure. */
  async toggle(item: Item, alike = false): Promise<void> {
    const tree = this.graph?.tree;
    if (!tree?.group(item) || item === ROOT) {
      return;
    }
    this._opened.toggle(tree, item, alike);
    this._choice.climb(tree, this._opened);
    await this._picture(item);
  }

  /** Open all groups down to a depth, and close those below; 0 closes all. */
  async openTo(depth: number): Promise<void> {
    const tree = this.graph?.tree;
    if (!tree) {
      return;
    }
    this._opened.to(tree, depth);
    this._choice.climb(tree, this._opened);
    await this._picture(null);
  }

  /** Choose an item, or nothing. */
  select(item: Item | null): void {
    if (item !== this.selected) {
      this._choice.set(item, this.graph?.tree);
      this._changed.emit();
    }
  }

  /** Choose an item wherever it is: open what is around it and bring it into sight. */
  async reveal(item: Item): Promise<void> {
    if (this.graph) {
      this._choice.set(item, this.graph.tree);
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
    this._opened.around(tree, item);
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
    const to = this.graph ? this._choice.next(this.graph, direction) : undefined;
    if (to !== undefined) {
      this.select(to);
      this._revealed.emit(to);
    }
  }

  /** Choose the group around the choice, and close it; at the top, choose nothing. */
  async leave(): Promise<void> {
    const tree = this.graph?.tree;
    const { selected } = this;
    if (!tree || selected === null) {
      return;
    }
    if (selected < 0 && this.isOpen(selected)) {
      await this.toggle(selected);
      return;
    }
    const around = tree.parent(selected);
    if (around === undefined || around === ROOT) {
      this.select(null);
    } else {
      this.select(around);
      await this.toggle(around);
    }
  }

  setReach(reach: Reach): void {
    this._choice.setReach(reach, this.graph?.tree);
    this._changed.emit();
  }

  /** Look for words; what has them is in `finding`. */
  search(query: string): void {
    this._finding = new Finding(query, this.graph);
    this._changed.emit();
  }

  /** Choose what colours tell; for times that nobody has measured, they are asked for. */
  setColourBy(by: ColourBy): void {
    this._looks.colourBy(by, this.graph);
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
    this._looks.colourBy(colourBy, null);
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
    this._looks.mark(new Map([...made].map(id => [id, 'added' as const])), null);
    await this._again();
  }

  /** Mark nodes by their ids, such as those that another graph lacks. */
  setMarks(marks: ReadonlyMap<string, Mark>): void {
    this._looks.mark(marks, this.graph);
    this._changed.emit();
  }

  /** Open exactly the groups with these keys, as far as this graph has them. */
  async setOpen(keys: Iterable<string>, anchor: Item | null): Promise<void> {
    this._opened.set(keys);
    await this._picture(anchor);
  }

  /** The keys of the open groups. */
  get openKeys(): ReadonlySet<string> {
    return this._opened.keys;
  }

  dispose(): void {
    this._round += 1;
    this.timing.cancel();
    this._pictures.dispose();
    Signal.clearData(this);
  }

  /** Build the tree anew from the same document, keeping what is open and chosen. */
  private async _again(): Promise<void> {
    const before = this.graph;
    if (!this._whole) {
      throw new TypeError('a graph is shown before it is rebuilt');
    }
    const graph = this._rebuild(this._whole);
    this._choice.carry(before, graph);
    this._finding = new Finding(this._finding.query, graph);
    await this._picture(null);
  }

  /** The graph at the present pass; its scene is made by `_picture`. */
  private _rebuild(whole: GraphDocument): ShownGraph {
    this._pictures.callOff();
    const scene = this.graph?.scene ?? EMPTY_SCENE;
    this._pending = shownAfter(whole, this._pass, this._foldRepeats, scene);
    return this._pending;
  }

  /** Lay out what is open, and show it. */
  private async _picture(anchor: Item | null): Promise<void> {
    const graph = this._pending ?? this.graph;
    if (!graph) {
      return;
    }
    try {
      const scene = await this._pictures.make(graph, item => this._opened.has(graph.tree, item));
      if (!scene) {
        return;
      }
      const shown = { ...graph, scene };
      this._pending = null;
      this._state = { kind: 'full', graph: shown };
      this._looks.renew(shown);
      this._choice.set(this.selected, shown.tree);
      this._linked = new Linked(this._linked.place, shown);
      this._sceneChanged.emit({ anchor });
      this._changed.emit();
    } catch (error) {
      this._set({ kind: 'error', error });
    }
  }

  private _set(state: GraphState): void {
    this._state = state;
    this._changed.emit();
  }
}
