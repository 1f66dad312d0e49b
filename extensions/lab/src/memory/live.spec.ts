import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveMemory } from '../api/documents.ts';
import { type AskLive, LiveModel } from './live.ts';

const source = { file: '/tmp/ipykernel_1/7.py', line: 2, cell: 'In[3]', text: 'x = net(x)' };
const memory: LiveMemory = {
  device: 'cpu0',
  used: 600,
  peak: 900,
  reserved: 700,
  capacity: 1000,
  origins: [{ op: 'relu', module: 'layer1.0.act', source }, { op: 'data' }],
  holders: [
    { tensor: '', shape: 'float32(2,)', kind: 'activation', origin: 0, bytes: 300, blocks: 2 },
    {
      tensor: 'layer1.0.w',
      shape: 'float32(4,)',
      kind: 'parameter',
      origin: 0,
      bytes: 200,
      blocks: 1
    },
    { tensor: '', shape: 'int32(3,)', kind: 'data', origin: 1, bytes: 100, blocks: 1 }
  ]
};

async function asked(ask: AskLive): Promise<LiveModel> {
  const model = new LiveModel(ask);
  assert.equal(model.state.kind, 'loading');
  await model.refresh();
  return model;
}

test('holders are counted by module, by line and by tensor', async () => {
  const model = await asked(() => Promise.resolve(memory));
  const shown = (): [string, number][] => model.groups.map(group => [group.name, group.bytes]);
  assert.deepEqual(shown(), [
    ['layer1.0', 500],
    ['', 100]
  ]);
  model.setGrouping('cell');
  assert.deepEqual(shown(), [
    ['In[3]', 500],
    ['', 100]
  ]);
  model.setGrouping('line');
  assert.deepEqual(shown(), [
    ['In[3]:2', 500],
    ['', 100]
  ]);
  model.setGrouping('tensor');
  assert.deepEqual(shown(), [
    ['relu float32(2,)', 300],
    ['layer1.0.w', 200],
    ['data int32(3,)', 100]
  ]);
});

test('no kernel, no Tengen and nothing held are told apart', async () => {
  const why = async (answer: LiveMemory | null | undefined): Promise<unknown> => {
    const { state } = await asked(() => Promise.resolve(answer));
    return state.kind === 'empty' && state.why;
  };
  assert.equal(await why(undefined), 'no-kernel');
  assert.equal(await why(null), 'absent');
  assert.equal(await why({ ...memory, used: 0, holders: [] }), 'nothing-held');
});

test('a failure is kept, and looking again recovers', async () => {
  let failing = true;
  const model = await asked(() =>
    failing ? Promise.reject(new Error('dead')) : Promise.resolve(memory)
  );
  assert.equal(model.state.kind, 'error');
  failing = false;
  await model.refresh();
  assert.equal(model.state.kind, 'full');
});

test('what another view has chosen is marked', async () => {
  const model = await asked(() => Promise.resolve(memory));
  const marked = (): boolean[] => model.groups.map(group => group.linked);
  assert.deepEqual(marked(), [false, false]);
  model.setLinked({ source: { file: '/tmp/ipykernel_2/7.py', line: 2 } });
  assert.deepEqual(marked(), [true, false]);
  model.setLinked(null);
  assert.deepEqual(marked(), [false, false]);
});
