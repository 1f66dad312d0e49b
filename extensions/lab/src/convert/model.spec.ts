import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Conversion, ConversionBlocker, ConversionTargets } from '../api/documents.ts';
import { ConvertModel, type Workbench } from './model.ts';

const targets: ConversionTargets = {
  version: 1,
  targets: [
    {
      name: 'step',
      kind: 'step',
      text: 'step(x)',
      file: '',
      line: 1,
      static: false,
      samples: [{ argument: 'x', expression: 'x', text: 'float32[4]' }]
    },
    {
      name: 'net',
      kind: 'module',
      text: 'Net',
      file: '',
      line: 1,
      static: false,
      samples: [{ argument: 'input 1', expression: '', text: '' }]
    }
  ]
};
const blocker = { cause: 'host read', patch: null } as unknown as ConversionBlocker;

function conversion(state: Conversion['state'] = 'done'): Conversion {
  return {
    version: 1,
    number: 1,
    name: 'step',
    samples: ['x'],
    state,
    stage: 'done',
    done: 1,
    error: null,
    report: null,
    code: ''
  };
}

function bench(changes: Partial<Workbench> = {}): { bench: Workbench; calls: string[] } {
  const calls: string[] = [];
  const note = (name: string) => () => {
    calls.push(name);
    return Promise.resolve();
  };
  return {
    calls,
    bench: {
      targets: () => Promise.resolve(targets),
      convert: (name, samples, progress) => {
        calls.push(`convert ${name}(${samples.join(', ')})`);
        progress(null);
        progress({ ...conversion('running'), stage: 'comparing', done: 0.5 });
        return Promise.resolve(conversion());
      },
      stop: note('stop'),
      use: note('use'),
      undo: note('undo'),
      save: (_, form) =>
        Promise.resolve({ path: `step.${form}`, note: form === 'onnx' ? 'opset 17' : '' }),
      export: note('export'),
      apply: () => Promise.resolve('applied'),
      ...changes
    }
  };
}

test('the first target that is not static is chosen, with what is offered', async () => {
  const model = new ConvertModel(bench().bench);
  await model.load();
  assert.equal(model.state.kind, 'choosing');
  assert.equal(model.chosen, 'step');
  assert.deepEqual(model.samples, ['x']);
  assert.ok(model.ready);
  model.choose('net');
  assert.ok(!model.ready);
  model.setSample(0, 'batch');
  assert.ok(model.ready);
});

test('no kernel, no Tengen and nothing to convert are told apart', async () => {
  for (const [answer, why] of [
    [undefined, 'no-kernel'],
    [null, 'absent'],
    [{ version: 1, targets: [] }, 'nothing']
  ] as const) {
    const model = new ConvertModel(
      bench({ targets: () => Promise.resolve(answer as ConversionTargets | null | undefined) })
        .bench
    );
    await model.load();
    assert.deepEqual(model.state, { kind: 'empty', why });
  }
});

test('progress is shown, and the report at the end', async () => {
  const seen: string[] = [];
  const made = bench();
  const model = new ConvertModel(made.bench);
  await model.load();
  model.changed.connect(() => {
    const { state } = model;
    seen.push(state.kind === 'running' ? `${state.waiting} ${state.done}` : state.kind);
  });
  await model.convert();
  assert.deepEqual(seen, ['false 0', 'true 0', 'false 0.5', 'report']);
  assert.deepEqual(made.calls, ['convert step(x)']);
});

test('an error of the user is a state of its own, one of the kernel is an error', async () => {
  const failing = new ConvertModel(
    bench({ convert: () => Promise.resolve(conversion('failed')) }).bench
  );
  await failing.load();
  await failing.convert();
  assert.equal(failing.state.kind, 'failed');
  const dead = new ConvertModel(bench({ convert: () => Promise.reject(new Error('gone')) }).bench);
  await dead.load();
  await dead.convert();
  assert.equal(dead.state.kind, 'error');
});

test('use, undo, save and apply', async () => {
  const made = bench();
  const model = new ConvertModel(made.bench);
  await model.load();
  await model.convert();
  await model.use();
  assert.ok(model.used);
  await model.undo();
  assert.ok(!model.used);
  await model.save();
  assert.deepEqual(model.deed, { kind: 'saved', path: 'step.tgm', note: '' });
  await model.save('onnx');
  assert.deepEqual(model.deed, { kind: 'saved', path: 'step.onnx', note: 'opset 17' });
  await model.apply(blocker);
  assert.deepEqual(made.calls, ['convert step(x)', 'use', 'undo', 'convert step(x)']);
});

test('a patch whose cell is gone changes nothing, and a refusal is told', async () => {
  const made = bench({
    apply: () => Promise.resolve('not-found'),
    save: () => Promise.reject(new Error('disk full'))
  });
  const model = new ConvertModel(made.bench);
  await model.load();
  await model.convert();
  await model.apply(blocker);
  assert.deepEqual(model.deed, { kind: 'not-found' });
  assert.deepEqual(made.calls, ['convert step(x)']);
  await model.save();
  assert.equal(model.deed?.kind, 'refused');
});

test('a declined patch changes nothing', async () => {
  const made = bench({ apply: () => Promise.resolve('declined') });
  const model = new ConvertModel(made.bench);
  await model.load();
  await model.convert();
  await model.apply(blocker);
  assert.equal(model.state.kind, 'report');
  assert.equal(model.deed, null);
  assert.deepEqual(made.calls, ['convert step(x)']);
});

test('stopped while it waits it goes back to the choice, stopped at work it ends', async () => {
  for (const begun of [false, true]) {
    let end: (made: Conversion) => void = () => undefined;
    const made = bench({
      convert: (_name, _samples, progress) => {
        progress(begun ? conversion('running') : null);
        return new Promise(resolve => (end = resolve));
      }
    });
    const model = new ConvertModel(made.bench);
    await model.load();
    const running = model.convert();
    await model.stop();
    assert.deepEqual(made.calls, ['stop']);
    assert.equal(model.state.kind, begun ? 'running' : 'choosing');
    end(conversion('stopped'));
    await running;
    assert.equal(model.state.kind, begun ? 'report' : 'choosing');
  }
});

test('what is static already can be released, and a report exported', async () => {
  const made = bench();
  const model = new ConvertModel(made.bench);
  await model.load();
  await model.release();
  assert.equal(model.state.kind, 'choosing');
  await model.convert();
  await model.export('html');
  assert.deepEqual(made.calls, ['undo', 'convert step(x)', 'export']);
});
