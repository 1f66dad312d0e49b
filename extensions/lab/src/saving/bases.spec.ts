import assert from 'node:assert/strict';
import test from 'node:test';
import type { Contents } from '@jupyterlab/services';
import { Bases } from './bases.ts';

const NOTEBOOK = { type: 'notebook', content: { cells: ['mine'] } } as const;

/** A server with one file, which it saves by the rules of the real one. */
class Server {
  hash = 'h0';
  bases: (string | undefined)[] = [];
  driveName = () => '';
  content: object = { cells: [] };
  get = async (_: string, options: { content?: boolean; type?: string } = {}) => ({
    path: 'a.ipynb',
    type: options.type ?? 'notebook',
    hash: this.hash,
    content: options.content === false ? null : this.content
  });
  rename = async (_: string, path: string) => ({ path });
  save = async (_: string, options: { base_hash?: string } = {}) => {
    this.bases.push(options.base_hash);
    if (options.base_hash !== undefined && options.base_hash !== this.hash) {
      const message = 'a.ipynb was changed. What was to be saved is kept as id1.';
      throw Object.assign(new Error(message), { response: { status: 409 } });
    }
    this.hash += '+';
    return { path: 'a.ipynb', hash: this.hash };
  };
}

function wrapped(): [Server, Contents.IManager, Bases, string[]] {
  const server = new Server();
  const refused: string[] = [];
  const manager = server as unknown as Contents.IManager;
  const bases = new Bases(manager, ({ path, id }) => {
    refused.push(`${path} ${id}`);
    return new Error('asked');
  });
  return [server, manager, bases, refused];
}

test('each save names what was read or written last', async () => {
  const [server, manager] = wrapped();
  await manager.save('a.ipynb', NOTEBOOK);
  await manager.get('a.ipynb');
  await manager.save('a.ipynb', NOTEBOOK);
  await manager.save('a.ipynb', NOTEBOOK);
  assert.deepEqual(server.bases, [undefined, 'h0+', 'h0++']);
});

test('a save that comes too late is asked about, and JupyterLab does not ask before', async () => {
  const [server, manager, bases, refused] = wrapped();
  await manager.get('a.ipynb');
  assert.equal(await bases.newer('a.ipynb'), null);
  server.hash = 'of another';
  assert.deepEqual(await bases.newer('a.ipynb'), { hash: 'of another', content: server.content });
  const looked = await manager.get('a.ipynb', { content: false, hash: true });
  assert.equal(looked.hash, undefined);
  await assert.rejects(manager.save('a.ipynb', NOTEBOOK), /asked/);
  assert.deepEqual(refused, ['a.ipynb id1']);
  await manager.get('a.ipynb');
  await manager.save('a.ipynb', NOTEBOOK);
  assert.equal(server.hash, 'of another+');
});

test('of two saves at once the second builds on the first', async () => {
  const [server, manager] = wrapped();
  await manager.get('a.ipynb');
  await Promise.all([manager.save('a.ipynb', NOTEBOOK), manager.save('a.ipynb', NOTEBOOK)]);
  assert.deepEqual(server.bases, ['h0', 'h0+']);
});

test('a file that was renamed is known by its new name', async () => {
  const [server, manager] = wrapped();
  await manager.get('in/a.ipynb');
  await manager.rename('in/a.ipynb', 'in/b.ipynb');
  await manager.rename('in', 'there');
  await manager.save('there/b.ipynb', NOTEBOOK);
  await manager.save('in/a.ipynb', NOTEBOOK);
  assert.deepEqual(server.bases, ['h0', undefined]);
});

test('other failures stay what they are', async () => {
  const server = new Server();
  server.save = async () => {
    throw new Error('the disk is full');
  };
  const manager = server as unknown as Contents.IManager;
  new Bases(manager, () => new Error('asked'));
  await manager.get('a.ipynb');
  await assert.rejects(manager.save('a.ipynb', NOTEBOOK), /disk/);
});

test('a notebook that is open as a text as well has a base of its own there', async () => {
  const [server, manager, bases] = wrapped();
  await manager.get('a.ipynb');
  server.hash = 'of another';
  await manager.get('a.ipynb', { type: 'file' });
  await manager.save('a.ipynb', { type: 'file', content: 'text' });
  assert.equal(bases.of('a.ipynb')?.hash, 'h0');
  await assert.rejects(manager.save('a.ipynb', NOTEBOOK), /asked/);
});

test('what was saved is what the next join starts from, until the notebook is closed', async () => {
  const [, manager, bases] = wrapped();
  await manager.get('a.ipynb');
  await manager.save('a.ipynb', NOTEBOOK);
  assert.deepEqual(bases.of('a.ipynb'), { hash: 'h0+', content: NOTEBOOK.content });
  bases.moved('a', 'b');
  bases.moved('a.ipynb', 'notebook.ipynb');
  bases.closed('notebook.ipynb');
  assert.deepEqual(bases.of('notebook.ipynb'), { hash: 'h0+', content: null });
});
