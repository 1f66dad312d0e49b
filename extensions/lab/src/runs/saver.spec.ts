import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Signal } from '@lumino/signaling';
import type { Standing } from '../saving/tokens.ts';
import { Saver } from './saver.ts';

/** A document that takes half a second to save, and is clean then, as JupyterLab's are. */
class Document {
  isDisposed = false;
  contentsModel = { writable: true };
  saves = 0;
  readonly saveState = new Signal<this, 'started' | 'completed' | 'failed'>(this);
  readonly model = {
    dirty: false,
    readOnly: false,
    contentChanged: new Signal<object, void>(this)
  };

  change(): void {
    this.model.dirty = true;
    this.model.contentChanged.emit();
  }

  async save(): Promise<void> {
    this.saveState.emit('started');
    this.saves++;
    await new Promise(resolve => setTimeout(resolve, 500));
    this.model.dirty = false;
    this.saveState.emit('completed');
  }
}

class Rest {
  standings: Standing[] = [];
  settled: string[] = [];
  caughtUp = 0;
  onCatchUp: () => void = () => undefined;
  autosaves = () => true;
  takeTheirs = async (): Promise<Standing> => this.standings.shift() ?? 'same';
  catchUp = async () => {
    this.caughtUp++;
    this.onCatchUp();
  };
  settle = async (runs: string[]) => void this.settled.push(...runs);
}

function made(t: TestContext): [Document, Rest, Saver] {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const document = new Document();
  const rest = new Rest();
  type Context = ConstructorParameters<typeof Saver>[0];
  return [document, rest, new Saver(document as unknown as Context, rest)];
}

async function pass(t: TestContext, milliseconds: number): Promise<void> {
  for (let gone = 0; gone < milliseconds; gone += 100) {
    t.mock.timers.tick(100);
    await new Promise(resolve => setImmediate(resolve));
  }
}

test('a run that is over is saved and settled', async t => {
  const [document, rest, saver] = made(t);
  document.change();
  saver.finished('run', true);
  await pass(t, 600);
  assert.deepEqual([document.saves, rest.settled], [1, []]);
  await pass(t, 600);
  assert.deepEqual([document.model.dirty, rest.settled], [false, ['run']]);
});

test('what is put out while a save is under way is saved after it', async t => {
  const [document, rest, saver] = made(t);
  document.change();
  saver.soon();
  await pass(t, 800);
  assert.equal(document.saves, 1);
  document.change();
  saver.finished('run', true);
  await pass(t, 300);
  assert.deepEqual([document.model.dirty, rest.settled], [true, []]);
  await pass(t, 3_000);
  assert.deepEqual([document.saves, document.model.dirty, rest.settled], [2, false, ['run']]);
});

test('two saves are never under way at once', async t => {
  const [document, , saver] = made(t);
  document.change();
  void document.save();
  saver.soon(100);
  await pass(t, 400);
  assert.equal(document.saves, 1);
  document.change();
  await pass(t, 3_000);
  assert.deepEqual([document.saves, document.model.dirty], [2, false]);
});

test('a file that was read and had less is shown the rest of, and saved', async t => {
  const [document, rest, saver] = made(t);
  rest.standings = ['read'];
  rest.onCatchUp = () => {
    document.change();
    saver.finished('run', false);
  };
  document.change();
  saver.finished('run', false);
  await pass(t, 2_600);
  assert.deepEqual([rest.caughtUp, document.saves, rest.settled], [1, 0, []]);
  await pass(t, 4_000);
  assert.deepEqual([document.saves, rest.settled], [1, ['run']]);
});

test('while cells run the others save, and what the user has changed is not overwritten', async t => {
  const [document, rest, saver] = made(t);
  rest.standings = ['busy', 'busy', 'own'];
  document.change();
  saver.finished('run', false);
  await pass(t, 10_000);
  assert.deepEqual([rest.standings, document.saves, rest.settled], [[], 0, []]);
});

test('what is as on the disk is settled without a save', async t => {
  const [document, rest, saver] = made(t);
  saver.finished('run', false);
  await pass(t, 3_000);
  assert.deepEqual([document.saves, rest.settled], [0, ['run']]);
});
