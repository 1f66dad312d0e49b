/** Hashes of structure: equal for leaves and groups that look alike from inside. */

import type { GraphEdges } from './edges.ts';

const START = 0x811c9dc5;

/** A hash of small non-negative integers and earlier hashes, as an unsigned 32-bit number. */
export class Hash {
  private _value = START;

  /** Begin anew. */
  reset(): this {
    this._value = START;
    return this;
  }

  add(value: number): this {
    let mixed = Math.imul(this._value ^ value, 0x9e3779b1);
    mixed ^= mixed >>> 15;
    this._value = Math.imul(mixed, 0x85ebca77) ^ (mixed >>> 13);
    return this;
  }

  addText(text: string): this {
    for (let i = 0; i < text.length; i++) {
      this.add(text.charCodeAt(i));
    }
    return this.add(-1);
  }

  get value(): number {
    return this._value >>> 0;
  }
}

/**
 * A hash for each leaf of its operator, its results' types, and where its operands come from.
 *
 * An operand made by a leaf of the same group counts by its distance in the order, any other by
 * its place among the operands only: so equal blocks in a row get equal hashes.
 */
export function leafHashes(edges: GraphEdges, groupOf: ArrayLike<number>): Float64Array {
  const words = new Map<string, number>();
  const number = (word: string): number => {
    let known = words.get(word);
    if (known === undefined) {
      known = words.size;
      words.set(word, known);
    }
    return known;
  };
  const hashes = new Float64Array(edges.leafCount);
  const hash = new Hash();
  const { inward, order } = edges;
  for (let leaf = 0; leaf < edges.leafCount; leaf++) {
    hash.reset().add(number(edges.node(leaf)?.op ?? edges.kindOf(leaf)));
    for (const { dtype, layout, shape } of edges.made(leaf)) {
      hash.add(number(layout ? `${dtype}:${layout}` : dtype));
      for (const dim of shape) {
        hash.add(typeof dim === 'number' ? dim : number(String(dim)));
      }
    }
    const end = inward.offsets[leaf + 1] ?? 0;
    for (let i = inward.offsets[leaf] ?? 0; i < end; i++) {
      const maker = inward.leaves[i] ?? 0;
      const near = groupOf[maker] === groupOf[leaf];
      hash.add(near ? (order[leaf] ?? 0) - (order[maker] ?? 0) : -1);
    }
    hashes[leaf] = hash.value;
  }
  return hashes;
}
