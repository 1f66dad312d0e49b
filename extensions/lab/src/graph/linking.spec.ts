import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FocusBus, type Place } from '../source/focus.ts';
import { blocks, SameThread } from './fixture.ts';
import { linkGraph } from './linking.ts';
import { GraphModel } from './model.ts';

const line = (number: number) => ({ file: 'net.py', line: number });

async function linked(): Promise<{ model: GraphModel; bus: FocusBus; told: (Place | null)[] }> {
  const model = new GraphModel(() => new SameThread());
  const document = blocks(3);
  document.nodes.forEach((node, i) => (node.source = line(1 + (i % 3))));
  const bus = new FocusBus(new EventTarget());
  const told: (Place | null)[] = [];
  bus.listen({}, place => told.push(place));
  linkGraph(model, bus);
  await model.show(document);
  return { model, bus, told };
}

test('what is chosen is told to the others, with its line', async () => {
  const { model, told } = await linked();
  await model.reveal(1);
  assert.deepEqual(told.at(-1), { op: 'matmul', module: 'blocks.0.fc', source: line(2) });
  const group = model.graph?.tree.find('blocks.1') ?? model.graph?.tree.parent(4);
  model.select(group ?? null);
  assert.match(String(told.at(-1)?.module), /^blocks/);
  model.select(null);
  assert.equal(told.at(-1), null);
  assert.equal(told.length, 3);
});

test('what others choose lights up where it can be seen, and opens on asking only', async () => {
  const { bus, model, told } = await linked();
  await model.openTo(0);
  const { openKeys } = model;
  bus.tell({}, { source: line(2) });
  assert.deepEqual(model.linked.leaves, [1, 4, 7]);
  assert.ok([...model.linked.items].every(item => item < 0));
  assert.deepEqual([...model.openKeys], [...openKeys]);
  await model.open(1);
  assert.ok(model.linked.items.has(1));
  assert.equal(model.selected, null);
  bus.tell({}, { source: line(9) });
  assert.deepEqual(model.linked.leaves, []);
  bus.tell({}, null);
  assert.equal(model.linked.place, null);
  assert.deepEqual(
    told.filter(place => place?.op),
    []
  );
});

test('a choice of its own ends the light', async () => {
  const { bus, model } = await linked();
  bus.tell({}, { source: line(1) });
  assert.equal(model.linked.leaves.length, 3);
  await model.reveal(2);
  assert.equal(model.linked.leaves.length, 0);
});
