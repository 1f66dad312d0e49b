import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { YNotebook } from '@jupyter/ydoc';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { Contents } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { Bases } from './bases.ts';
import { SaveCancelled } from './cancelled.ts';
import { Live } from './live.ts';

type Sources = Record<string, string>;

function book(sources: Sources): INotebookContent {
  const cells = Object.entries(sources).map(([id, source]) => {
    return { id, cell_type: 'code', source, metadata: {}, outputs: [], execution_count: null };
  });
  return { nbformat: 4, nbformat_minor: 5, metadata: {}, cells } as unknown as INotebookContent;
}

/** A server with one notebook, by the rules of the real one; a save takes half a second. */
class Server {
  content = book({ a: 'a', b: 'b' });
  version = 0;
  saves = 0;
  isGone = false;
  forgotten: string[] = [];
  asked: string[] = [];
  /** Somebody else's save, between this page's look and its save. */
  between: (() => void) | null = null;
  readonly contents = {
    driveName: () => '',
    rename: async (_: string, path: string) => ({ path }),
    get: async (_: string, options: { content?: boolean } = {}) => {
      this.answers();
      const hash = `h${this.version}`;
      const content = options.content === false ? null : structuredClone(this.content);
      return { path: 'n.ipynb', type: 'notebook', hash, content };
    },
    save: async (_: string, options: { content: INotebookContent; base_hash?: string }) => {
      await new Promise(resolve => setTimeout(resolve, 500));
      this.answers();
      this.between?.();
      this.between = null;
      if (options.base_hash !== `h${this.version}`) {
        const error = new Error(`It is kept as r${this.version}.`);
        throw Object.assign(error, { response: { status: 409 } });
      }
      this.put(options.content);
      this.saves++;
      return { path: 'n.ipynb', type: 'notebook', hash: `h${this.version}` };
    }
  };

  put(content: INotebookContent): void {
    this.content = structuredClone(content);
    this.version++;
  }

  get sources(): unknown[] {
    return this.content.cells.map(cell => cell.source);
  }

  private answers(): void {
    if (this.isGone) {
      throw new TypeError('the network is gone');
    }
  }
}

/** A document as JupyterLab has it: it knows of no other writers. */
class Document {
  readonly path = 'n.ipynb';
  readonly isReady = true;
  readonly isDisposed = false;
  readonly contentsModel = { writable: true };
  readonly disposed = new Signal<this, void>(this);
  readonly saveState = new Signal<this, string>(this);
  readonly shared: YNotebook;
  readonly model: Record<string, unknown>;
  readonly ready: Promise<void>;
  private readonly contents: Contents.IManager;

  constructor(contents: Contents.IManager) {
    this.contents = contents;
    this.shared = YNotebook.create({ disableDocumentWideUndoRedo: true }) as YNotebook;
    this.model = { sharedModel: this.shared, readOnly: false, dirty: false, cells: [] };
    this.ready = this.revert();
  }

  async save(): Promise<void> {
    this.saveState.emit('started');
    const content = this.shared.toJSON();
    await this.contents.save('n.ipynb', { type: 'notebook', format: 'json', content });
    this.model['dirty'] = false;
  }

  async revert(): Promise<void> {
    const { content } = await this.contents.get('n.ipynb');
    this.shared.setSource(content);
    this.model['dirty'] = false;
  }

  /** Type into a cell. */
  type(cell: number, text: string): void {
    const found = this.shared.cells[cell];
    found?.updateSource(found.getSource().length, found.getSource().length, text);
    this.model['dirty'] = true;
  }

  get sources(): string[] {
    return this.shared.cells.map(cell => cell.getSource());
  }
}

async function opened(t: TestContext): Promise<[Server, Document, Live]> {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const server = new Server();
  const contents = server.contents as unknown as Contents.IManager;
  const bases = new Bases(contents, ({ id }) => new SaveCancelled('asked', id));
  const document = new Document(contents);
  type Context = ConstructorParameters<typeof Live>[0];
  const live = new Live(document as unknown as Context, bases, {
    isOn: () => true,
    ask: (_, id) => server.asked.push(id),
    forget: async id => void server.forgotten.push(id)
  });
  t.after(() => {
    document.disposed.emit();
    document.shared.dispose();
  });
  await document.ready;
  return [server, document, live];
}

async function pass(t: TestContext, milliseconds: number): Promise<void> {
  for (let gone = 0; gone < milliseconds; gone += 100) {
    t.mock.timers.tick(100);
    await new Promise(resolve => setImmediate(resolve));
  }
}

test('what is typed is saved, and nothing is where nothing was', async t => {
  const [server, document] = await opened(t);
  await pass(t, 5_000);
  assert.equal(server.saves, 0);
  document.type(0, '!');
  await pass(t, 1_500);
  assert.deepEqual(
    [server.saves, server.sources, document.model['dirty']],
    [1, ['a!', 'b'], false]
  );
  await pass(t, 20_000);
  assert.equal(server.saves, 1);
});

test('what is typed while a save is under way is saved after it', async t => {
  const [server, document] = await opened(t);
  document.type(0, '!');
  await pass(t, 1_000);
  document.type(1, '?');
  await pass(t, 8_000);
  assert.deepEqual([server.saves, server.sources], [2, ['a!', 'b?']]);
});

test('what others save is shown, and what is typed here meanwhile joins it', async t => {
  const [server, document, live] = await opened(t);
  document.type(0, '!');
  server.put(book({ a: 'a', x: 'x', b: 'b?' }));
  assert.equal(await live.look(false), 'read');
  assert.deepEqual([document.sources, document.model['dirty']], [['a!', 'x', 'b?'], true]);
  await pass(t, 2_000);
  assert.deepEqual(server.sources, ['a!', 'x', 'b?']);
  server.put(book({ a: 'a!', b: 'b?' }));
  await live.look(false);
  assert.deepEqual([document.sources, document.model['dirty']], [['a!', 'b?'], false]);
  await pass(t, 20_000);
  assert.deepEqual([server.saves, server.asked], [1, []]);
});

test('a save that another has overtaken is joined and made again', async t => {
  const [server, document] = await opened(t);
  document.type(0, '!');
  server.between = () => server.put(book({ a: 'a', b: 'b?' }));
  await pass(t, 3_000);
  assert.deepEqual(
    [server.sources, document.sources],
    [
      ['a!', 'b?'],
      ['a!', 'b?']
    ]
  );
  assert.deepEqual([server.forgotten, server.asked], [['r1'], []]);
});

test('where both have changed a cell the user is asked once, and saves it by hand', async t => {
  const [server, document, live] = await opened(t);
  document.type(0, ' mine');
  server.put(book({ a: 'a theirs', b: 'b?' }));
  await pass(t, 3_000);
  assert.deepEqual([server.asked, server.forgotten], [['r1'], []]);
  assert.deepEqual(document.sources, ['a mine', 'b?']);
  document.type(0, ' more');
  await pass(t, 60_000);
  assert.deepEqual([server.saves, server.asked.length], [0, 1]);
  server.put(book({ a: 'a', b: 'b??' }));
  assert.equal(await live.look(false), 'read', 'the other side has taken its change back');
  await pass(t, 10_000);
  assert.deepEqual([server.sources, server.asked.length], [['a mine more', 'b??'], 1]);
});

test('what the user chooses to read ends the question', async t => {
  const [server, document] = await opened(t);
  document.type(0, ' mine');
  server.put(book({ a: 'a theirs', b: 'b' }));
  await pass(t, 3_000);
  assert.equal(server.asked.length, 1);
  await document.revert();
  document.type(1, '!');
  await pass(t, 10_000);
  assert.deepEqual([server.sources, server.asked.length], [['a theirs', 'b!'], 1]);
});

test('a server that is gone is waited for without a word', async t => {
  const [server, document] = await opened(t);
  server.isGone = true;
  document.type(0, '!');
  await pass(t, 30_000);
  server.isGone = false;
  await pass(t, 12_000);
  assert.deepEqual([server.saves, server.sources], [1, ['a!', 'b']]);
});

test('nothing is read between what is to be saved and its saving', async t => {
  const [server, document, live] = await opened(t);
  document.type(0, '!');
  const saved = document.save();
  server.between = () => server.put(book({ a: 'a', b: 'theirs' }));
  const looked = live.look(false);
  await pass(t, 3_000);
  await Promise.all([saved, looked]);
  assert.deepEqual(
    [server.sources, document.sources],
    [
      ['a!', 'theirs'],
      ['a!', 'theirs']
    ]
  );
});

test('a notebook whose cells have no names is read as a whole, if nothing is lost', async t => {
  const [server, document, live] = await opened(t);
  const nameless = book({ a: 'new' });
  nameless.cells.forEach(cell => delete cell['id']);
  server.put(nameless);
  document.type(0, '!');
  assert.equal(await live.look(false), 'own');
  document.model['dirty'] = false;
  assert.equal(await live.look(false), 'read');
  assert.deepEqual(document.sources, ['new']);
});
