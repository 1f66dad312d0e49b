import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { KernelMessage } from '@jupyterlab/services';
import type { CellRun } from '../api/types.ts';
import { type Copy, Following, type Notebook, type Place } from './following.ts';

type Msg = KernelMessage.IIOPubMessage;

function record(id: string, state: CellRun['state'], text = ''): CellRun {
  const outputs = text
    ? [{ kind: 'stream' as const, content: { name: 'stdout', text } }]
    : ([] as CellRun['outputs']);
  return { id, cell: 'cell', state, count: 1, outputs, recent: [], question: null };
}

let sent = 0;

function message(msg_type: string, content: object, run = 'run', session = 'another'): Msg {
  return {
    header: { msg_type, msg_id: `m${sent++}` },
    parent_header: { msg_id: run, msg_type: 'execute_request', session },
    content
  } as unknown as Msg;
}

const idle = () => message('status', { execution_state: 'idle' });
const print = (text: string) => message('stream', { name: 'stdout', text });

/** A notebook of one cell, which shows streams as one text, and a server that says what it is set. */
class OneCell implements Notebook, Place {
  record: (CellRun | Error)[] = [];
  readings = 0;
  ended: string[] = [];
  run: string | undefined = undefined;
  running = false;
  count: number | null = null;
  text = '';
  private leave: (() => void) | null = null;

  get outputs(): readonly object[] {
    return this.text ? [{ output_type: 'stream', text: this.text }] : [];
  }

  place(cell: string): Place | undefined {
    return cell === 'cell' ? this : undefined;
  }

  async read(): Promise<CellRun[]> {
    this.readings++;
    const next = this.record.length > 1 ? this.record.shift() : this.record[0];
    if (next instanceof Error) {
      throw next;
    }
    return next ? [next] : [];
  }

  finished(run: string): void {
    this.ended.push(run);
  }

  play(run: CellRun, leave: () => void): Copy {
    this.leave?.();
    this.leave = leave;
    this.run = run.id;
    this.text = run.outputs.map(({ content }) => String(content['text'])).join('');
    return {
      feed: msg => {
        this.text += (msg.content as { text?: string }).text ?? '';
        return true;
      },
      ask: () => undefined
    };
  }

  note({ count, running }: { count?: number | null; running?: boolean }): void {
    this.count = count === undefined ? this.count : count;
    this.running = running ?? this.running;
  }

  withdraw(): void {
    // It never asks.
  }
}

/** A notebook that is followed, and a clock that runs as fast as it can. */
function opened(t: TestContext, ...said: (CellRun | Error)[]): [OneCell, Following] {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const notebook = new OneCell();
  notebook.record = said;
  return [notebook, new Following(notebook)];
}

/** Let so many milliseconds pass. */
async function pass(t: TestContext, milliseconds: number): Promise<void> {
  for (let gone = 0; gone < milliseconds; gone += 100) {
    t.mock.timers.tick(100);
    await new Promise(resolve => setImmediate(resolve));
  }
}

test('what runs is shown, followed, and read once more when it is over', async t => {
  const [notebook, following] = opened(t, record('run', 'running', 'one '));
  void following.catchUp();
  await pass(t, 1_000);
  assert.deepEqual([notebook.text, notebook.running], ['one ', true]);
  following.heard(print('two'), 'me');
  notebook.record = [record('run', 'done', 'one two three')];
  following.heard(idle(), 'me');
  assert.equal(notebook.running, false);
  await pass(t, 1_000);
  assert.deepEqual([notebook.text, notebook.ended], ['one two three', ['run']]);
});

test('a record that is behind what was heard is read again until it is not', async t => {
  const [notebook, following] = opened(t, record('run', 'running', 'one '));
  void following.catchUp();
  await pass(t, 1_000);
  following.heard(print('two'), 'me');
  following.heard(idle(), 'me');
  await pass(t, 3_000);
  assert.deepEqual(notebook.ended, []);
  assert.deepEqual([notebook.text, notebook.running], ['one two', false]);
  notebook.record = [record('run', 'done', 'one two')];
  await pass(t, 3_000);
  assert.deepEqual(notebook.ended, ['run']);
  const { readings } = notebook;
  await pass(t, 10_000);
  assert.equal(notebook.readings, readings, 'and not longer');
});

test('an end that was heard before the record was read is not followed for ever', async t => {
  const [notebook, following] = opened(t, record('run', 'running'), record('run', 'done', 'all'));
  following.heard(idle(), 'me');
  void following.catchUp();
  await pass(t, 3_000);
  assert.deepEqual(notebook.ended, ['run']);
  assert.deepEqual([notebook.text, notebook.running], ['all', false]);
});

test('a record that stays behind, or away, has its last word here', async t => {
  for (const said of [record('run', 'running', 'one'), new Error('no network')]) {
    const [notebook, following] = opened(t, record('run', 'running', 'one'));
    void following.catchUp();
    await pass(t, 1_000);
    notebook.record = [said];
    following.heard(idle(), 'me');
    await pass(t, 40_000);
    assert.deepEqual([notebook.ended, notebook.running], [['run'], false]);
    const { readings } = notebook;
    await pass(t, 10_000);
    assert.equal(notebook.readings, readings);
    t.mock.timers.reset();
  }
});

test('a kernel that starts anew ends what ran without a word', async t => {
  const [notebook, following] = opened(t, record('run', 'running', 'one'));
  void following.catchUp();
  await pass(t, 1_000);
  notebook.record = [record('run', 'done', 'one')];
  following.heard(message('status', { execution_state: 'restarting' }, ''), 'me');
  await pass(t, 1_000);
  assert.deepEqual([notebook.ended, notebook.running], [['run'], false]);
});

test('what this page has started itself is its own, and others are looked up', async t => {
  const [notebook, following] = opened(t, record('run', 'running'));
  notebook.run = 'run';
  notebook.text = 'mine';
  following.heard(message('execute_input', {}, 'run', 'me'), 'me');
  await pass(t, 1_000);
  assert.equal(notebook.readings, 0);
  void following.catchUp();
  await pass(t, 1_000);
  assert.deepEqual([notebook.text, notebook.ended], ['mine', []]);
  notebook.record = [record('next', 'running', 'theirs')];
  following.heard(message('execute_input', {}, 'next'), 'me');
  await pass(t, 1_000);
  assert.equal(notebook.text, 'theirs');
});
