import assert from 'node:assert/strict';
import test from 'node:test';
import type { CellRun } from '../api/types.ts';
import { shows } from './compare.ts';

function run(...outputs: CellRun['outputs']): CellRun {
  return { id: 'r', cell: 'c', state: 'done', count: 1, outputs, recent: [], question: null };
}

const picture = {
  kind: 'display_data' as const,
  content: { data: { 'text/plain': 'x' }, metadata: {} }
};

test('a cell shows a run if kinds, texts and data are the same', () => {
  const text = { kind: 'stream' as const, content: { name: 'stdout', text: 'one\ntwo' } };
  const shown = [
    { output_type: 'stream', name: 'stdout', text: ['one\n', 'two'] },
    { output_type: 'display_data', data: { 'text/plain': 'x' }, metadata: {} }
  ];
  assert.ok(shows(shown, run(text, picture)));
  assert.ok(shows(shown, run(text)), 'the page may add what the kernel has not said');
  assert.ok(!shows(shown.slice(0, 1), run(text, picture)));
  assert.ok(!shows(shown, run(picture, text)));
  assert.ok(!shows([{ ...shown[0], text: 'one' }, shown[1] ?? {}], run(text, picture)));
});

test('where a stream goes on is no difference, nor is the id of a display', () => {
  const halfway = { kind: 'stream' as const, content: { name: 'stdout', text: 'a\n 50%\r 5' } };
  assert.ok(shows([{ output_type: 'stream', name: 'stdout', text: 'a\n 50%' }], run(halfway)));
  const named = { ...picture, content: { ...picture.content, transient: { display_id: 'd' } } };
  const shown = { output_type: 'display_data', data: { 'text/plain': 'x' }, metadata: {} };
  assert.ok(shows([shown], run(named)));
  assert.ok(!shows([{ ...shown, data: { 'text/plain': 'y' } }], run(named)));
});
