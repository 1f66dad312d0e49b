import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Advice, MemoryTrouble, Way } from '../api/documents.ts';
import { CardModel, ordered } from './model.ts';

const TROUBLE: MemoryTrouble = {
  version: 1,
  kind: 'memory',
  number: 7,
  device: 'cpu0',
  asked: 50,
  used: 100,
  capacity: 120,
  where: [],
  origins: [{ op: 'relu', module: 'body.1' }],
  holders: [
    { tensor: '', shape: 'float32(8,)', kind: 'activation', origin: 0, bytes: 60, blocks: 2 },
    { tensor: 'w', shape: 'float32(4,)', kind: 'parameter', origin: 9, bytes: 30, blocks: 1 }
  ]
};
const ADVICE: Advice = {
  version: 1,
  number: 7,
  target: 'step',
  batch: 64,
  bytes: 150,
  others: 10,
  capacity: 120,
  ways: []
};

test('holders come with their origins, and what is not listed is counted', () => {
  const model = new CardModel(TROUBLE, null);
  assert.deepEqual(
    model.holders(5).map(({ from }) => from.op),
    ['relu', 'data']
  );
  assert.equal(model.rest(1), 40);
  assert.equal(model.rest(5), 10);
});

test('the kernel is asked once for the error by its number', async () => {
  const asked: number[] = [];
  let answer: (advice: Advice | null) => void = () => undefined;
  const model = new CardModel(TROUBLE, number => {
    asked.push(number);
    return new Promise(resolve => (answer = resolve));
  });
  assert.equal(model.advice.kind, 'none');
  const first = model.ask();
  await model.ask();
  assert.equal(model.advice.kind, 'asking');
  answer(ADVICE);
  await first;
  assert.deepEqual(asked, [7]);
  assert.deepEqual(model.advice, { kind: 'told', advice: ADVICE });
});

test('a kernel that knows nothing of it, one that fails, and none at all are told apart', async () => {
  const gone = new CardModel(TROUBLE, () => Promise.resolve(null));
  await gone.ask();
  assert.equal(gone.advice.kind, 'gone');
  const failed = new CardModel(TROUBLE, () => Promise.reject(new Error('no')));
  await failed.ask();
  assert.equal(failed.advice.kind, 'error');
  const alone = new CardModel(TROUBLE, null);
  await alone.ask();
  assert.equal(alone.advice.kind, 'none');
  assert.equal(alone.askable, false);
});

test('what fits comes first, and what has to be let go of last', () => {
  const ways: Way[] = [
    { kind: 'free', fits: true, name: 'spare' },
    { kind: 'static', fits: false },
    { kind: 'batch', fits: true, batch: 32 }
  ];
  assert.deepEqual(
    ordered(ways).map(({ kind }) => kind),
    ['batch', 'static', 'free']
  );
});
