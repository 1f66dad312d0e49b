import assert from 'node:assert/strict';
import test from 'node:test';
import type { Contents } from '@jupyterlab/services';
import { Bases } from './bases.ts';

/** A server with one file, which it saves by the rules of the real one. */
class Server {
  hash = 'h0';
  bases: (string | undefined)[] = [];
  driveName = () => '';
  get = async () => ({ path: 'a.ipynb', hash: this.hash });
  rename = async (_: string, path: string) => ({ path });
  save = async (_: string, options: { base_hash?: string } = {}) => {
    this.bases.push(options.base_hash);
    if (options.base_hash !== undefined && options.base_hash !== this.hash) {
      throw Object.assign(new Error('stale'), { response: { status: 409 } });
    }
    this.hash += '+';
    return { path: 'a.ipynb', hash: this.hash };
  };
}

function wrapped(): [Server, Contents.IManager, Bases, string[]] {
  const server = new Server();
  const refused: string[] = [];
  const manager = server as unknown as Contents.IManager;
  const bases = new Bases(manager, path => {
    refused.push(path);
    return new Error('asked');
  });
  return [server, manager, bases, refused];
}

test('each save names what was read or written last', async () => {
  const [server, manager] = wrapped();
  await manager.save('a.ipynb', {});
  await manager.get('a.ipynb');
  await manager.save('a.ipynb', {});
  await manager.save('a.ipynb', {});
  assert.deepEqual(server.bases, [undefined, 'h0+', 'h0++']);
});

test('a save that comes too late is asked about, and JupyterLab does not ask before', async () => {
  const [server, manager, bases, refused] = wrapped();
  await manager.get('a.ipynb');
  assert.equal(await bases.isBehind('a.ipynb'), false);
  server.hash = 'of another';
  assert.equal(await bases.isBehind('a.ipynb'), true);
  const looked = await manager.get('a.ipynb', { content: false, hash: true });
  assert.equal(looked.hash, undefined);
  await assert.rejects(manager.save('a.ipynb', {}), /asked/);
  assert.deepEqual(refused, ['a.ipynb']);
  await manager.get('a.ipynb');
  await manager.save('a.ipynb', {});
  assert.equal(server.hash, 'of another+');
});

test('of two saves at once the second builds on the first', async () => {
  const [server, manager] = wrapped();
  await manager.get('a.ipynb');
  await Promise.all([manager.save('a.ipynb', {}), manager.save('a.ipynb', {})]);
  assert.deepEqual(server.bases, ['h0', 'h0+']);
});

test('a file that was renamed is known by its new name', async () => {
  const [server, manager] = wrapped();
  await manager.get('in/a.ipynb');
  await manager.rename('in/a.ipynb', 'in/b.ipynb');
  await manager.rename('in', 'there');
  await manager.save('there/b.ipynb', {});
  await manager.save('in/a.ipynb', {});
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
  await assert.rejects(manager.save('a.ipynb', {}), /disk/);
});
