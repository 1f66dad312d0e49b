/** The edges of a document, resolved: which leaf reads which leaf's tensors, both ways. */

import type { GraphDocument, GraphNode, GraphSlot, GraphTensor } from '../api/documents.ts';
import { topologicalOrder } from './order.ts';

/** Neighbours of leaf `i` stand at `offsets[i]` up to `offsets[i + 1]`. */
export interface Adjacency {
  readonly offsets: Int32Array;
  readonly leaves: Int32Array;
  readonly tensors: Int32Array;
}

const NONE: readonly GraphTensor[] = [];

/** What a leaf is: a call, or an end of the graph. */
export type LeafKind = 'node' | 'input' | 'output';

/** Leaves are numbered: the document's nodes first, then its inputs, then its outputs. */
export class GraphEdges {
  readonly document: GraphDocument;
  readonly nodeCount: number;
  readonly leafCount: number;
  /** Every tensor, by the number that adjacencies use. */
  readonly tensors: readonly (GraphTensor | GraphSlot)[];
  /** What each leaf reads, and who reads it. */
  readonly inward: Adjacency;
  readonly outward: Adjacency;
  /** Each leaf's place in an order where producers come before readers. */
  readonly order: Int32Array;

  /** Tensors from this number on are state slots. */
  private readonly _firstSlot: number;
  private readonly _numbers: ReadonlyMap<string, number>;

  constructor(document: GraphDocument) {
    const { nodes, inputs = [], outputs = [], state = [] } = document;
    this.document = document;
    this.nodeCount = nodes.length;
    this.leafCount = nodes.length + inputs.length + outputs.length;
    const tensors: (GraphTensor | GraphSlot)[] = [];
    const makers: number[] = [];
    const numbers = new Map<string, number>();
    // One loop without a call for each tensor: of these there are as many as operators.
    for (let leaf = 0; leaf < nodes.length; leaf++) {
      const made = nodes[leaf]?.outputs ?? NONE;
      for (const tensor of made) {
        numbers.set(tensor.id, tensors.length);
        tensors.push(tensor);
        makers.push(leaf);
      }
    }
    inputs.forEach((tensor, i) => {
      numbers.set(tensor.id, tensors.length);
      tensors.push(tensor);
      makers.push(nodes.length + i);
    });
    this._firstSlot = tensors.length;
    for (const slot of state) {
      numbers.set(slot.id, tensors.length);
      tensors.push(slot);
    }
    this.tensors = tensors;
    this._numbers = numbers;
    [this.inward, this.outward] = this._connect(numbers, makers);
    this.order = topologicalOrder(this);
  }

  kindOf(leaf: number): LeafKind {
    if (leaf < this.nodeCount) {
      return 'node';
    }
    const inputs = this.document.inputs?.length ?? 0;
    return leaf < this.nodeCount + inputs ? 'input' : 'output';
  }

  /** The node of a leaf that is one. */
  node(leaf: number): GraphNode | undefined {
    return this.document.nodes[leaf];
  }

  /** The tensors that a leaf makes; an output of the graph makes none. */
  made(leaf: number): readonly (GraphTensor | GraphSlot)[] {
    if (leaf < this.nodeCount) {
      return this.node(leaf)?.outputs ?? NONE;
    }
    const input = this.document.inputs?.[leaf - this.nodeCount];
    return input ? [input] : NONE;
  }

  /** The tensor that an output of the graph hands out. */
  handedOut(leaf: number): GraphTensor | GraphSlot | undefined {
    const { inputs = [], outputs = [] } = this.document;
    const id = outputs[leaf - this.nodeCount - inputs.length];
    return id === undefined ? undefined : this.tensor(id);
  }

  /** The tensor or state slot with this id. */
  tensor(id: string): GraphTensor | GraphSlot | undefined {
    const number = this._numbers.get(id);
    return number === undefined ? undefined : this.tensors[number];
  }

  /** The state slots that a leaf reads, in the order of its operands. */
  slotsOf(leaf: number): GraphSlot[] {
    const ids = this.node(leaf)?.inputs ?? [];
    return ids.flatMap(id => {
      const number = id === null ? -1 : (this._numbers.get(id) ?? -1);
      return number < this._firstSlot ? [] : [this.tensors[number] as GraphSlot];
    });
  }

  private _connect(numbers: ReadonlyMap<string, number>, makers: number[]): [Adjacency, Adjacency] {
    const { nodes, inputs = [], outputs = [] } = this.document;
    let most = outputs.length;
    for (const node of nodes) {
      most += node.inputs?.length ?? 0;
    }
    const sources = new Int32Array(most);
    const targets = new Int32Array(most);
    const tensors = new Int32Array(most);
    let count = 0;
    const read = (id: string, leaf: number) => {
      const tensor = numbers.get(id) ?? this._firstSlot;
      if (tensor < this._firstSlot) {
        sources[count] = makers[tensor] ?? 0;
        targets[count] = leaf;
        tensors[count++] = tensor;
      }
    };
    for (let leaf = 0; leaf < nodes.length; leaf++) {
      const ids = nodes[leaf]?.inputs;
      for (let i = 0; i < (ids?.length ?? 0); i++) {
        const id = ids?.[i];
        if (typeof id === 'string') {
          read(id, leaf);
        }
      }
    }
    outputs.forEach((id, i) => read(id, nodes.length + inputs.length + i));
    const [from, to] = [sources.subarray(0, count), targets.subarray(0, count)];
    const carried = tensors.subarray(0, count);
    return [
      adjacency(this.leafCount, to, from, carried),
      adjacency(this.leafCount, from, to, carried)
    ];
  }
}

/** Call `visit` with each neighbour of a leaf and the tensor between them. */
export function eachNeighbour(
  to: Adjacency,
  leaf: number,
  visit: (neighbour: number, tensor: number) => void
): void {
  const end = to.offsets[leaf + 1] ?? 0;
  for (let i = to.offsets[leaf] ?? 0; i < end; i++) {
    visit(to.leaves[i] ?? 0, to.tensors[i] ?? 0);
  }
}

function adjacency(
  count: number,
  from: Int32Array,
  to: Int32Array,
  tensors: Int32Array
): Adjacency {
  const offsets = new Int32Array(count + 1);
  from.forEach(leaf => {
    offsets[leaf + 1] = (offsets[leaf + 1] ?? 0) + 1;
  });
  for (let i = 0; i < count; i++) {
    offsets[i + 1] = (offsets[i + 1] ?? 0) + (offsets[i] ?? 0);
  }
  const next = offsets.slice();
  const leaves = new Int32Array(from.length);
  const carried = new Int32Array(from.length);
  for (let i = 0; i < from.length; i++) {
    const leaf = from[i] ?? 0;
    const place = next[leaf] ?? 0;
    next[leaf] = place + 1;
    leaves[place] = to[i] ?? 0;
    carried[place] = tensors[i] ?? 0;
  }
  return { offsets, leaves, tensors: carried };
}
