import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocks, SameThread } from './fixture.ts';
import { type GraphTimes, measureBy, type TimesAnswer, withTimes } from './measuring.ts';
import { GraphModel } from './model.ts';

const times: GraphTimes = {
  compiled: { n0: 2, m0: 5, a0: 1 },
  recorded: { n0: 3, m0: 7, gone: 4 },
  ms: { compiled: 8, recorded: 14 }
};

function untimed() {
  const document = blocks(1);
  document.nodes.forEach(node => delete node.ms);
  return document;
}

/** A kernel that needs three runs; what it is asked is kept. */
function kernel(failing = false) {
  const asked: object[] = [];
  const measure = measureBy(question => {
    asked.push(question);
    const done = asked.length;
    const answer: TimesAnswer = { number: 1, done, of: 3, point: done === 3 ? times : null };
    return Promise.resolve(
      'cancel' in question ? null : failing ? { number: 1, error: 'no' } : answer
    );
  });
  return { asked, measure };
}

test('times join the nodes: compiled ones, and before the passes the recorded', () => {
  const document = untimed();
  document.passes = [{ name: 'fuse', before: { remove: ['a0'], add: [{ id: 'gone', op: 'x' }] } }];
  const timed = withTimes(document, times);
  assert.deepEqual(
    timed.nodes.map(node => node.ms),
    [2, 5, 1]
  );
  assert.equal(timed.passes?.[0]?.before?.add?.[0]?.ms, 4);
  assert.equal(timed.totals?.ms, 8);
  const before = withTimes({ ...document, form: 'dynamic', passes: [] }, times);
  assert.deepEqual(
    before.nodes.map(node => node.ms),
    [3, 7, null]
  );
  assert.equal(before.totals?.ms, 14);
});

test('choosing time measures where nobody has, once', async () => {
  const { asked, measure } = kernel();
  const model = new GraphModel(() => new SameThread(), measure);
  await model.show(untimed());
  const shares: (number | null)[] = [];
  const finished = new Promise<void>(resolve =>
    model.changed.connect(() => {
      shares.push(model.timing.share);
      if (model.timed && model.graph?.document.nodes[0]?.ms) {
        resolve();
      }
    })
  );
  model.setColourBy('ms');
  await finished;
  assert.deepEqual(
    shares.filter(share => share !== null && share > 0),
    [1 / 3, 2 / 3, 1]
  );
  assert.equal(asked.length, 3);
  assert.equal(model.graph?.document.nodes[1]?.ms, 5);
  model.setColourBy('family');
  model.setColourBy('ms');
  assert.equal(asked.length, 3);
});

test('a measurement is given up, and its failure is kept', async () => {
  const { asked, measure } = kernel();
  const model = new GraphModel(() => new SameThread(), measure);
  await model.show(untimed());
  const measuring = model.measure();
  model.timing.cancel();
  await measuring;
  assert.ok('cancel' in (asked.at(-1) ?? {}));
  assert.equal(model.timing.failure, null);
  assert.equal(model.timed, false);
  const broken = new GraphModel(() => new SameThread(), kernel(true).measure);
  await broken.show(untimed());
  await broken.measure();
  assert.equal(String(broken.timing.failure), 'Error: no');
  assert.equal(broken.timing.share, null);
});
