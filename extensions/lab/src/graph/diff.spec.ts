import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareGraphs } from './diff.ts';
import { GraphEdges } from './edges.ts';
import { blocks, document, node, tensor } from './fixture.ts';

test('equal graphs do not differ', () => {
  const diff = compareGraphs(new GraphEdges(blocks(4)), new GraphEdges(blocks(4)));
  assert.deepEqual([diff.added, diff.removed, diff.changed], [[], [], []]);
  assert.deepEqual([...diff.toAfter], [...Array(12).keys()]);
});

test('an operator put in between is the only thing added', () => {
  const before = document([node('a', 'relu', ['x']), node('b', 'relu', ['a'])]);
  const after = document([
    node('1', 'relu', ['x']),
    node('2', 'dropout', ['1']),
    node('3', 'relu', ['2'])
  ]);
  const diff = compareGraphs(new GraphEdges(before), new GraphEdges(after));
  assert.deepEqual([diff.added, diff.removed], [[1], []]);
  assert.deepEqual([...diff.toAfter], [0, 2]);
});

test('changed properties are named', () => {
  const before = document([node('a', 'conv', ['x'], { attrs: { stride: 1, groups: 1 } })]);
  const after = document([
    node('a', 'conv', ['x'], {
      attrs: { stride: 2, groups: 1 },
      outputs: [tensor('a', { dtype: 'bfloat16', layout: 'nhwc' })]
    })
  ]);
  const [found] = compareGraphs(new GraphEdges(before), new GraphEdges(after)).changed;
  assert.deepEqual(
    found?.changes.map(change => `${change.what}: ${change.before} -> ${change.after}`),
    ['dtype: float32 -> bfloat16', 'layout: plain -> nhwc', 'stride: 1 -> 2']
  );
});

test('what reads the same parameters is the same work, even when it was fused', () => {
  const state = [{ ...tensor('w'), name: 'fc.weight', kind: 'parameter' }];
  const before = document(
    [node('a', 'matmul', ['x', 'w'], { group: 'fc' }), node('b', 'relu', ['a'])],
    { state }
  );
  const after = document([node('c', 'fused_matmul_relu', ['x', 'w'])], { state });
  const diff = compareGraphs(new GraphEdges(before), new GraphEdges(after));
  assert.deepEqual([...diff.toAfter], [0, -1]);
  assert.deepEqual(diff.removed, [1]);
  assert.equal(diff.changed[0]?.changes[0]?.after, 'fused_matmul_relu');
});
