/** An order of leaves in which producers come before readers. */

import type { GraphEdges } from './edges.ts';

/**
 * Each leaf's place: as the document lists them where that is such an order already, else ready
 * leaves by their number. What lies on a cycle comes last; inputs come first.
 */
export function topologicalOrder(edges: GraphEdges): Int32Array {
  const { leafCount } = edges;
  const order = new Int32Array(leafCount).fill(-1);
  let place = 0;
  for (const leaf of listedInOrder(edges) ? inputsOf(edges) : readyFirst(edges)) {
    order[leaf] = place++;
  }
  for (let leaf = 0; leaf < leafCount; leaf++) {
    if (order[leaf] === -1) {
      order[leaf] = place++;
    }
  }
  return order;
}

function inputsOf(edges: GraphEdges): number[] {
  const inputs = edges.document.inputs?.length ?? 0;
  return Array.from({ length: inputs }, (_, i) => edges.nodeCount + i);
}

/** Kahn's algorithm. */
function readyFirst({ inward, leafCount, outward }: GraphEdges): number[] {
  const waiting = new Int32Array(leafCount);
  const ready: number[] = [];
  for (let leaf = 0; leaf < leafCount; leaf++) {
    waiting[leaf] = (inward.offsets[leaf + 1] ?? 0) - (inward.offsets[leaf] ?? 0);
    if (waiting[leaf] === 0) {
      ready.push(leaf);
    }
  }
  // The list grows while it is walked.
  for (const leaf of ready) {
    const end = outward.offsets[leaf + 1] ?? 0;
    for (let i = outward.offsets[leaf] ?? 0; i < end; i++) {
      const reader = outward.leaves[i] ?? 0;
      waiting[reader] = (waiting[reader] ?? 0) - 1;
      if (waiting[reader] === 0) {
        ready.push(reader);
      }
    }
  }
  return ready;
}

function listedInOrder({ inward, nodeCount }: GraphEdges): boolean {
  for (let leaf = 0; leaf < nodeCount; leaf++) {
    const end = inward.offsets[leaf + 1] ?? 0;
    for (let i = inward.offsets[leaf] ?? 0; i < end; i++) {
      const maker = inward.leaves[i] ?? 0;
      if (maker >= leaf && maker < nodeCount) {
        return false;
      }
    }
  }
  return true;
}
