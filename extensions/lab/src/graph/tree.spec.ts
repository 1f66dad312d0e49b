import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GraphDocument } from '../api/documents.ts';
import { GraphEdges } from './edges.ts';
import { blocks, document, node } from './fixture.ts';
import { MOST_SIBLINGS } from './folding.ts';
import { GraphTree, ROOT } from './tree.ts';

function treeOf(graph: GraphDocument, foldRepeats = true): GraphTree {
  return new GraphTree(new GraphEdges(graph), { foldRepeats });
}

function names(tree: GraphTree, item = ROOT): string[] {
  return (tree.group(item)?.children ?? []).map(child =>
    child < 0 ? tree.name(child) : (tree.edges.node(child)?.op ?? tree.edges.kindOf(child))
  );
}

test('groups follow module paths; a module of one operator is that operator', () => {
  const tree = treeOf(blocks(2), false);
  assert.deepEqual(names(tree), ['input', 'blocks', 'output']);
  const outer = tree.find('|blocks') ?? ROOT;
  assert.deepEqual(names(tree, outer), ['0', '1']);
  const first = tree.find('|blocks.0') ?? ROOT;
  assert.deepEqual(names(tree, first), ['norm', 'matmul', 'add']);
  assert.deepEqual(
    tree.group(first)?.children.map(leaf => tree.name(leaf)),
    ['norm', 'fc', '']
  );
  assert.deepEqual(tree.ancestors(0), [ROOT, outer, first]);
  assert.deepEqual(tree.figures(first), { ms: 6, flops: 64, bytes: null });
});

test('equal siblings fold into one group that tells how many they are', () => {
  const graph = blocks(6);
  const extra = node('z', 'softmax', ['a5'], { group: 'blocks.head.soft' });
  const tail = node('y', 'log', ['z'], { group: 'blocks.head' });
  const tree = treeOf({ ...graph, nodes: [...graph.nodes, extra, tail], outputs: ['y'] });
  const outer = tree.find('|blocks') ?? ROOT;
  assert.deepEqual(names(tree, outer), ['0 … 5', 'head']);
  const fold = tree.group(tree.group(outer)?.children[0] ?? ROOT);
  assert.deepEqual([fold?.origin, fold?.times, fold?.leaves], ['repeat', 6, 18]);
});

test('a group of nothing but equal parts carries the number itself', () => {
  const chain = [...Array(5).keys()].flatMap(i => [
    node(`a${i}`, 'relu', [i ? `b${i - 1}` : 'x'], { group: `net.${i}` }),
    node(`b${i}`, 'tanh', [`a${i}`], { group: `net.${i}` })
  ]);
  const tree = treeOf(document([node('s', 'exp', ['x']), ...chain]));
  assert.equal(tree.group(tree.find('|net') ?? ROOT)?.times, 5);
});

test('ten thousand siblings are cut into groups that a picture can hold', () => {
  const nodes = [...Array(10_000).keys()].map(i =>
    node(`n${i}`, `op${(i * i) % 7919}`, [i ? `n${i - 1}` : 'x'])
  );
  const tree = treeOf(document(nodes));
  for (const group of tree.groups) {
    assert.ok(group.children.length <= MOST_SIBLINGS, group.name);
  }
  assert.equal(tree.groups[0]?.leaves, 10_001);
});

test('a repeating pattern without groups gets groups', () => {
  const ops = ['conv', 'norm', 'relu', 'pool'];
  const nodes = [...Array(40).keys()].map(i =>
    node(`n${i}`, ops[i % 4] ?? '', [i ? `n${i - 1}` : 'x'])
  );
  const tree = treeOf(document([node('first', 'cast', ['x']), ...nodes]));
  const fold = tree.groups.find(group => group.origin === 'repeat');
  assert.deepEqual([fold?.times, fold?.leaves], [9, 36]);
});

test('the phases of a step come first, before the modules', () => {
  const tree = treeOf(
    document([
      node('f', 'matmul', ['x'], { group: 'fc', phase: 'forward' }),
      node('l', 'loss', ['f'], { phase: 'forward' }),
      node('g', 'matmul', ['l', 'f'], { group: 'fc', phase: 'backward' }),
      node('h', 'mul', ['g'], { phase: 'backward' })
    ])
  );
  assert.deepEqual(names(tree), ['input', 'forward', 'backward']);
});
