import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestError } from '../api/refusal.ts';
import type { Link, LinkRequest, NewLink, Publication, Version } from '../api/types.ts';
import { type ShareSource, ShareModel } from './share.ts';

const publication: Publication = { public: false, licence: '', scripts: false, page: 'p' };
const link = { id: 'l', permission: 'view', state: 'open' } as Link;
const made: NewLink = { link, token: 't', address: 'open#t' };

function version(number: number, held: boolean): Version {
  return { number, held, suspects: held ? ['train.ipynb'] : [] } as unknown as Version;
}

function source(changes: Partial<ShareSource> = {}): ShareSource {
  return {
    members: () => Promise.resolve([]),
    links: () => Promise.resolve([]),
    publication: () => Promise.resolve(publication),
    versions: () => Promise.resolve([]),
    add: (name, role) => Promise.resolve({ id: name, name, role, since: null }),
    change: (id, role) => Promise.resolve({ id, name: id, role, since: null }),
    remove: () => Promise.resolve(),
    make: () => Promise.resolve(made),
    revoke: () => Promise.resolve(),
    publish: () => Promise.resolve(publication),
    clear: number => Promise.resolve(version(number, false)),
    ...changes
  };
}

test('a new link is shown until it is revoked', async () => {
  const model = new ShareModel(source());
  await model.load();
  await model.make({ permission: 'view' });
  assert.equal(model.made?.address, 'open#t');
  await model.revoke('l');
  assert.equal(model.made, null);
});

test('a refusal is told and everything is read again', async () => {
  let read = 0;
  const model = new ShareModel(
    source({
      add: () => Promise.reject(new Error('no such person')),
      members: () => {
        read++;
        return Promise.resolve([]);
      }
    })
  );
  await model.load();
  await model.add('nobody', 'viewer');
  assert.match(String(model.failure), /no such person/);
  assert.equal(read, 2);
  await model.remove('x');
  assert.equal(model.failure, null);
});

test('one change at a time', async () => {
  const finish: (() => void)[] = [];
  let asked = 0;
  const model = new ShareModel(
    source({
      remove: () => {
        asked++;
        return new Promise(resolve => finish.push(resolve));
      }
    })
  );
  const first = model.remove('a');
  assert.equal(model.busy, true);
  await model.remove('b');
  finish[0]?.();
  await first;
  assert.equal(asked, 1);
  assert.equal(model.busy, false);
});

test('a refusal for secrets can be overruled, another one cannot', async () => {
  const asked: LinkRequest[] = [];
  const model = new ShareModel(
    source({
      make: request => {
        asked.push(request);
        return request.despite_findings
          ? Promise.resolve(made)
          : Promise.reject(new RequestError(409, 'conflict', 'may hold secrets'));
      },
      publish: () => Promise.reject(new RequestError(403, 'forbidden', 'not yours'))
    })
  );
  await model.make({ permission: 'fork' });
  assert.equal(model.objection?.reason, 'may hold secrets');
  assert.equal(model.failure, null);
  await model.objection?.insist();
  assert.equal(model.objection, null);
  assert.deepEqual(asked.at(-1), { permission: 'fork', despite_findings: true });
  await model.publish({ public: true });
  assert.equal(model.objection, null);
  assert.match(String(model.failure), /not yours/);
});

test('what others do not see is told until the version is cleared', async () => {
  let versions = [version(3, true), version(2, true), version(1, false)];
  const model = new ShareModel(
    source({
      versions: () => Promise.resolve(versions),
      clear: number => {
        versions = versions.map(one => (one.number === number ? version(number, false) : one));
        return Promise.resolve(version(number, false));
      }
    })
  );
  const told = () => (model.state.kind === 'full' ? model.state.shared.heldBack : undefined);
  await model.load();
  assert.deepEqual(told(), { newest: 3, suspects: ['train.ipynb'], seen: 1 });
  await model.clear(3);
  assert.equal(told(), null);
  versions = [version(1, true)];
  await model.load();
  assert.equal(told()?.seen, null);
});
