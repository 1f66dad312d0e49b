/** What differs between two graphs: nodes matched by module path, operator and structure. */

import type { GraphNode, GraphSlot, GraphTensor } from '../api/documents.ts';
import { shapeText } from './describe.ts';
import { eachNeighbour, type GraphEdges } from './edges.ts';

/** One property that differs; null on a side that lacks it. */
export interface Change {
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** The nodes of two graphs side by side. */
export interface GraphDiff {
  /** The other graph's node that stands for a node of this one, or -1. */
  readonly toAfter: Int32Array;
  readonly toBefore: Int32Array;
  /** Nodes only in the later graph, only in the earlier one, and pairs that differ. */
  readonly added: readonly number[];
  readonly removed: readonly number[];
  readonly changed: readonly { before: number; after: number; changes: readonly Change[] }[];
}

/** Compare two graphs. */
export function compareGraphs(before: GraphEdges, after: GraphEdges): GraphDiff {
  const [a, b] = [signatures(before), signatures(after)];
  const toAfter = new Int32Array(before.nodeCount).fill(-1);
  const toBefore = new Int32Array(after.nodeCount).fill(-1);
  // From the surest sign to the weakest; what is still alone after the last has no counterpart.
  const signs: ((s: Signature) => string | null)[] = [
    s => `${s.place} ${s.around} ${s.state}`,
    s => `${s.place} ${s.own} ${s.state}`,
    s => `${s.place} ${s.op} ${s.state}`,
    s => (s.state ? `${s.op} ${s.state}` : null),
    // What reads the same parameters does the same work, even when it was fused with more.
    s => s.state || null,
    s => `${s.place} ${s.op}`,
    s => s.around
  ];
  for (const sign of signs) {
    const waiting = new Map<string, number[]>();
    for (let node = before.nodeCount - 1; node >= 0; node--) {
      const key = toAfter[node] === -1 ? sign(a[node] as Signature) : null;
      if (key !== null) {
        const list = waiting.get(key);
        if (list) {
          list.push(node);
        } else {
          waiting.set(key, [node]);
        }
      }
    }
    for (let node = 0; node < after.nodeCount; node++) {
      const key = toBefore[node] === -1 ? sign(b[node] as Signature) : null;
      const found = key === null ? undefined : waiting.get(key)?.pop();
      if (found !== undefined) {
        toAfter[found] = node;
        toBefore[node] = found;
      }
    }
  }
  const changed: { before: number; after: number; changes: Change[] }[] = [];
  toAfter.forEach((node, old) => {
    if (node >= 0 && a[old]?.own !== b[node]?.own) {
      const [was, is] = [before.node(old), after.node(node)];
      const changes = was && is ? changesBetween(was, is) : [];
      if (changes.length) {
        changed.push({ before: old, after: node, changes });
      }
    }
  });
  return { toAfter, toBefore, added: alone(toBefore), removed: alone(toAfter), changed };
}

function alone(partners: Int32Array): number[] {
  const found: number[] = [];
  partners.forEach((partner, node) => {
    if (partner === -1) {
      found.push(node);
    }
  });
  return found;
}

interface Signature {
  readonly op: string;
  readonly place: string;
  /** Its own properties. */
  readonly own: string;
  /** Its own and those of what it reads. */
  readonly around: string;
  /** The names of the state that it reads: the surest sign of all. */
  readonly state: string;
}

function signatures(edges: GraphEdges): Signature[] {
  const owns = edges.document.nodes.map(node => `${node.op} ${ownText(node)}`);
  return edges.document.nodes.map((node, leaf) => {
    const own = owns[leaf] ?? '';
    const read: string[] = [];
    eachNeighbour(edges.inward, leaf, maker => read.push(owns[maker] ?? edges.kindOf(maker)));
    const state = edges.slotsOf(leaf).map(slot => slot.name);
    return {
      op: node.op,
      place: `${node.phase ?? ''}|${node.group ?? ''}`,
      own,
      around: `${own} < ${read.join(' + ')}`,
      state: state.join()
    };
  });
}

function ownText(node: GraphNode): string {
  const made = (node.outputs ?? []).map(typeText).join();
  return `${made} ${JSON.stringify(node.attrs ?? {})}`;
}

function typeText(tensor: GraphTensor | GraphSlot): string {
  return `${shapeText(tensor)} ${tensor.dtype} ${tensor.layout ?? ''}`;
}

/** The properties in which two nodes differ. */
export function changesBetween(before: GraphNode, after: GraphNode): Change[] {
  const changes: Change[] = [];
  const note = (what: string, was: string | null, is: string | null) => {
    if (was !== is) {
      changes.push({ what, before: was, after: is });
    }
  };
  note('op', before.op, after.op);
  const count = Math.max(before.outputs?.length ?? 0, after.outputs?.length ?? 0);
  for (let i = 0; i < count; i++) {
    const [was, is] = [before.outputs?.[i], after.outputs?.[i]];
    note('shape', was ? shapeText(was) : null, is ? shapeText(is) : null);
    note('dtype', was?.dtype ?? null, is?.dtype ?? null);
    note('layout', (was?.layout ?? '') || 'plain', (is?.layout ?? '') || 'plain');
  }
  const names = new Set([...Object.keys(before.attrs ?? {}), ...Object.keys(after.attrs ?? {})]);
  for (const name of names) {
    note(name, valueText(before.attrs?.[name]), valueText(after.attrs?.[name]));
  }
  return changes;
}

function valueText(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
