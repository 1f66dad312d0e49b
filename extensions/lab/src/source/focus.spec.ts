import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FocusBus, meantBy, type Place, sameLine } from './focus.ts';

const line = (hash: number, number: number, kernel = 1) => ({
  file: `/tmp/ipykernel_${kernel}/${hash}.py`,
  line: number
});

test('a line is the same in another kernel, and not in another cell', () => {
  assert.ok(sameLine(line(7, 3), line(7, 3, 2)));
  assert.ok(sameLine({ file: 'a.py', line: 1 }, { file: 'a.py', line: 1 }));
  assert.ok(!sameLine(line(7, 3), line(8, 3)));
  assert.ok(!sameLine(line(7, 3), line(7, 4)));
  assert.ok(!sameLine({ file: 'a.py', line: 1 }, { file: 'b.py', line: 1 }));
  assert.ok(!sameLine(null, line(7, 3)));
});

test('a choice means what shares most with it', () => {
  const among: Place[] = [
    { op: 'relu', module: 'a', source: line(7, 3) },
    { op: 'add', module: 'a', source: line(7, 3) },
    { op: 'relu', module: 'a.b', source: line(7, 3) },
    { op: 'relu', module: 'a', source: line(7, 4) },
    { op: 'mul' }
  ];
  const meant = (place: Place) => [...meantBy(place, among)];
  assert.deepEqual(meant({ source: line(7, 3) }), [0, 1, 2]);
  assert.deepEqual(meant({ op: 'relu', module: 'a', source: line(7, 3) }), [0]);
  assert.deepEqual(meant({ op: 'fused', module: 'a', source: line(7, 3) }), [0, 1]);
  assert.deepEqual(meant({ op: 'fused', module: 'c', source: line(7, 3) }), [0, 1, 2]);
  assert.deepEqual(meant({ module: 'a' }), [0, 1, 2, 3]);
  assert.deepEqual(meant({ op: 'add', module: 'a' }), [1]);
  assert.deepEqual(meant({ source: line(9, 1) }), []);
  assert.deepEqual(meant({ module: '' }), []);
});

test('a view hears the others, not itself, until it stops', () => {
  const bus = new FocusBus(new EventTarget());
  const other = new FocusBus(bus['_target']);
  const [own, stranger] = [{}, {}];
  const heard: (Place | null)[] = [];
  const stop = bus.listen(own, place => heard.push(place));
  bus.tell(own, { op: 'mine' });
  other.tell(stranger, { op: 'theirs' });
  other.tell(stranger, null);
  stop();
  other.tell(stranger, { op: 'late' });
  assert.deepEqual(heard, [{ op: 'theirs' }, null]);
});
