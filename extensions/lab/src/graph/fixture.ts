/** Small graph documents for the tests of this folder. */

import type { GraphDocument, GraphNode, GraphTensor } from '../api/documents.ts';
import { layOut } from './layout.ts';
import type { Answer, Order, WorkerLike } from './layouter.ts';

/** A tensor of shape (2, 4). */
export function tensor(id: string, changes: Partial<GraphTensor> = {}): GraphTensor {
  return { id, shape: [2, 4], dtype: 'float32', bytes: 32, ...changes };
}

/** A node that makes the tensor of its own id. */
export function node(
  id: string,
  op: string,
  inputs: (string | null)[],
  changes: Partial<GraphNode> = {}
): GraphNode {
  return { id, op, inputs, outputs: [tensor(id)], ...changes };
}

/** A document that reads `x`. */
export function document(nodes: GraphNode[], changes: Partial<GraphDocument> = {}): GraphDocument {
  return { version: 1, name: 'net', nodes, inputs: [tensor('x')], ...changes };
}

/** `count` equal blocks in a row, each of a norm, a matmul with a weight, and an add around both. */
export function blocks(count: number): GraphDocument {
  const nodes: GraphNode[] = [];
  const state = [];
  let last = 'x';
  for (let i = 0; i < count; i++) {
    const weight = `w${i}`;
    state.push({ ...tensor(weight), name: `blocks.${i}.fc.weight`, kind: 'parameter' });
    nodes.push(
      node(`n${i}`, 'norm', [last], { group: `blocks.${i}.norm`, ms: 1 }),
      node(`m${i}`, 'matmul', [`n${i}`, weight], { group: `blocks.${i}.fc`, ms: 4, flops: 64 }),
      node(`a${i}`, 'add', [last, `m${i}`], { group: `blocks.${i}`, ms: 1 })
    );
    last = `a${i}`;
  }
  return document(nodes, { state, outputs: [last] });
}

/** The worker's own program, in this thread. */
export class SameThread implements WorkerLike {
  onmessage: ((event: MessageEvent<Answer>) => void) | null = null;
  onerror = null;
  jobs = 0;
  private readonly _off = new Set<number>();

  postMessage(order: Order): void {
    if (order.kind === 'call off') {
      this._off.add(order.id);
      return;
    }
    setTimeout(() => {
      if (!this._off.has(order.id)) {
        this.jobs += 1;
        const data = { id: order.id, result: layOut(order.job) };
        this.onmessage?.({ data } as MessageEvent<Answer>);
      }
    });
  }

  terminate(): void {
    this.onmessage = null;
  }
}
