import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachNeighbour, GraphEdges } from './edges.ts';
import { document, node, tensor } from './fixture.ts';

function makers(edges: GraphEdges, leaf: number): number[] {
  const found: number[] = [];
  eachNeighbour(edges.inward, leaf, maker => found.push(maker));
  return found;
}

test('edges run from makers to readers, and state makes none', () => {
  const state = [{ ...tensor('w'), name: 'fc.weight', kind: 'parameter' }];
  const nodes = [node('a', 'matmul', ['x', 'w', null]), node('b', 'add', ['a', 'x'])];
  const edges = new GraphEdges(document(nodes, { state, outputs: ['b'] }));
  assert.equal(edges.leafCount, 4);
  assert.deepEqual(makers(edges, 0), [2]);
  assert.deepEqual(makers(edges, 1), [0, 2]);
  assert.deepEqual(makers(edges, 3), [1]);
  assert.deepEqual(
    edges.slotsOf(0).map(slot => slot.name),
    ['fc.weight']
  );
  assert.equal(edges.kindOf(2), 'input');
  assert.equal(edges.kindOf(3), 'output');
  assert.equal(edges.handedOut(3)?.id, 'b');
});

test('the order of the document is kept where it is one, else made', () => {
  const first = node('a', 'relu', ['x']);
  const second = node('b', 'relu', ['a']);
  assert.deepEqual([...new GraphEdges(document([first, second])).order], [1, 2, 0]);
  assert.deepEqual([...new GraphEdges(document([second, first])).order], [2, 1, 0]);
});

test('a cycle and a tensor that nobody makes do not hang', () => {
  const nodes = [node('a', 'add', ['b', 'lost']), node('b', 'relu', ['a'])];
  const { order } = new GraphEdges(document(nodes));
  assert.deepEqual([...order].sort(), [0, 1, 2]);
});
