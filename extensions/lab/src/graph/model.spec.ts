import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocks, document, node, SameThread } from './fixture.ts';
import { GraphModel } from './model.ts';
import { boxAt, OPEN } from './scene.ts';
import { ROOT } from './tree.ts';

function modelWith(worker = new SameThread()): GraphModel {
  return new GraphModel(() => worker);
}

async function shown(count = 6): Promise<GraphModel> {
  const model = modelWith();
  await model.show(blocks(count));
  return model;
}

test('loading leads to a picture, and failures keep their reason', async () => {
  const model = modelWith();
  const kinds: string[] = [];
  model.changed.connect(() => kinds.push(model.state.kind));
  await model.load(Promise.reject(new Error('gone')));
  assert.equal(model.state.kind === 'error' && String(model.state.error), 'Error: gone');
  await model.load(Promise.resolve(blocks(2)));
  assert.deepEqual([...new Set(kinds)], ['loading', 'error', 'full']);
  await model.load(Promise.resolve(document([])));
  assert.equal(model.state.kind, 'empty');
});

test('an overtaken document is dropped', async () => {
  const model = modelWith();
  let answer: ((value: ReturnType<typeof blocks>) => void) | undefined;
  const older = model.load(new Promise(resolve => (answer = resolve)));
  await model.load(Promise.resolve(blocks(3)));
  answer?.(document([]));
  await older;
  assert.equal(model.graph?.document.nodes.length, 9);
});

test('of equal blocks one is open at first, and alike ones open together', async () => {
  const model = await shown();
  const tree = model.graph?.tree;
  const group = (path: string) => tree?.find(`|${path}`) ?? ROOT;
  assert.deepEqual(
    [0, 1, 5].map(i => model.isOpen(group(`blocks.${i}`))),
    [true, false, false]
  );
  await model.toggle(group('blocks.2'), true);
  assert.ok(model.isOpen(group('blocks.5')));
  assert.equal(model.graph?.scene.count, 2 + 1 + 1 + 6 + 18);
  await model.openTo(0);
  assert.equal(model.graph?.scene.count, 4);
});

test('equal blocks share one layout', async () => {
  const worker = new SameThread();
  const model = modelWith(worker);
  await model.show(blocks(6));
  const before = worker.jobs;
  await model.openTo(9);
  assert.ok(worker.jobs - before <= 3, `${worker.jobs - before} layouts`);
});

test('a layout that a newer picture overtook is called off', async () => {
  const model = await shown();
  const tree = model.graph?.tree;
  const older = model.toggle(tree?.find('|blocks.3') ?? ROOT);
  const newer = model.openTo(0);
  await Promise.all([older, newer]);
  assert.equal(model.graph?.scene.count, 4);
  assert.equal(model.busy, false);
});

test('revealing opens what is around, and closing keeps the choice in sight', async () => {
  const model = await shown();
  const leaf = model.graph?.document.nodes.findIndex(found => found.id === 'm4') ?? -1;
  assert.equal(model.revealNode('m4'), true);
  assert.equal(model.revealNode('nobody'), false);
  await model.reveal(leaf);
  assert.ok(model.graph?.scene.boxes.has(leaf));
  assert.equal(model.selected, leaf);
  const around = model.graph?.tree.parent(leaf) ?? ROOT;
  await model.toggle(around);
  assert.equal(model.selected, around);
});

test('arrows walk along edges and leave at the end', async () => {
  const model = await shown(1);
  const op = () => model.graph?.edges.node(model.selected ?? -1)?.op ?? model.selected;
  model.walk('down');
  assert.equal(model.graph?.edges.kindOf(model.selected ?? -1), 'input');
  const seen = [];
  for (let i = 0; i < 4; i++) {
    model.walk('down');
    seen.push(op());
  }
  assert.deepEqual(seen.slice(-2).includes('add'), true);
  model.walk('up');
  assert.equal(op(), 'add');
});

test('search finds modules, operators and shapes', async () => {
  const model = await shown();
  model.search('matmul blocks.3');
  assert.deepEqual(
    model.finding.hits.map(item => model.graph?.edges.node(item)?.id),
    ['m3']
  );
  model.search('2×4 NORM');
  assert.equal(model.finding.hits.length, 6);
  model.search('');
  assert.equal(model.finding.hits.length, 0);
});

test('the choice lights up its neighbours, or everything it needs', async () => {
  const model = await shown(3);
  const leaf = (id: string) =>
    model.graph?.document.nodes.findIndex(found => found.id === id) ?? -1;
  await model.reveal(leaf('m1'));
  assert.equal(model.highlight?.has(leaf('n1')), true);
  assert.equal(model.highlight?.has(leaf('n0')), false);
  model.setReach('up');
  assert.equal(model.highlight?.has(leaf('n0')), true);
  assert.equal(model.highlight?.has(leaf('n2')), false);
  model.setReach('down');
  assert.equal(model.highlight?.has(leaf('n2')), true);
});

test('colours take their scale from what is shown', async () => {
  const model = await shown();
  model.setColourBy('ms');
  assert.deepEqual(model.looks.colouring?.legend(), { kind: 'figure', largest: 6 });
  model.setColourBy('phase');
  assert.deepEqual(model.looks.colouring?.legend(), { kind: 'none' });
});

test('a graph opens with the colours and the folding that are preferred', async () => {
  const some = blocks(6);
  const tail = node('z', 'softmax', ['a5'], { group: 'blocks.head' });
  const graph = { ...some, nodes: [...some.nodes, tail], outputs: ['z'] };
  const usual = modelWith();
  const other = modelWith();
  other.prefer({ colourBy: 'dtype', foldRepeats: false });
  await Promise.all([usual.show(graph), other.show(graph)]);
  const folds = ({ graph: shown }: GraphModel) =>
    shown?.tree.groups.filter(group => group.origin === 'repeat').length;
  assert.deepEqual([usual.looks.colouring?.by, folds(usual)], ['family', 1]);
  assert.deepEqual([other.looks.colouring?.by, folds(other)], ['dtype', 0]);
});

test('passes are stepped through, with what they made marked', async () => {
  const model = modelWith();
  const before = { remove: ['ab'], add: [node('a', 'conv', ['x']), node('b', 'relu', ['a'])] };
  const fused = [node('ab', 'conv_relu', ['x'])];
  await model.show(document(fused, { passes: [{ name: 'fuse', before }] }));
  await model.setPass(0);
  assert.equal(model.graph?.document.nodes.length, 2);
  await model.setPass(1);
  assert.deepEqual([...model.looks.marks], [[0, 'added']]);
});

test('a point finds the innermost box', async () => {
  const model = await shown();
  const scene = model.graph?.scene;
  assert.ok(scene);
  for (let box = 1; box < scene.count; box++) {
    if (!((scene.bits[box] ?? 0) & OPEN)) {
      const left: number = scene.x[box] ?? 0;
      const top: number = scene.y[box] ?? 0;
      assert.equal(boxAt(scene, left + 2, top + 2), box);
    }
  }
  assert.equal(boxAt(scene, -5, -5), -1);
});

test('a small picture needs no worker; a large group is left to it', async ({ mock }) => {
  const worker = new SameThread();
  const model = modelWith(worker);
  const clock = mock.method(performance, 'now', () => 0); // the machine may be busy
  await model.show(blocks(6));
  clock.mock.restore();
  assert.equal(worker.jobs, 0);
  assert.ok((model.graph?.scene.count ?? 0) > 1);
  const wide = Array.from({ length: 60 }, (_, i) => node(`n${i}`, `op${i}`, ['x']));
  await model.show(document(wide));
  assert.ok(worker.jobs > 0);
  assert.equal(model.state.kind, 'full');
  model.dispose();
});
