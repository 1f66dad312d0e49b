import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureText, formatBytes, inLanguage, taken } from './text.ts';

test('texts follow the language and fall back to English', () => {
  const text = { en: 'First', zh: '第一次' };
  assert.equal(inLanguage(text, 'zh_CN'), '第一次');
  assert.equal(inLanguage(text, 'zh-CN'), '第一次');
  assert.equal(inLanguage(text, 'en'), 'First');
  assert.equal(inLanguage(text, 'de_DE'), 'First');
});

test('bytes are rounded and carry a unit', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9_949, '9.9 kB'],
    [9_960, '10 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [71_300_000_000, '71 GB'],
    [2.5e18, '2500 PB']
  ];
  for (const [bytes, text] of cases) {
    assert.equal(formatBytes(bytes), text);
  }
});

test('what the server has filled in stays in the translation of a refusal', () => {
  const table: Record<string, string> = {
    'This needs the role %1; yours here is %2.': '需要“%1”，你是“%2”。',
    editor: '编辑者',
    'The disk is full; nothing was changed.': '磁盘已满。'
  };
  const gettext = (text: string, ...values: string[]): string =>
    (table[text] ?? text).replace(/%(\d)/g, (_, place: string) => values[Number(place) - 1] ?? '');
  const trans = { gettext, __: gettext };
  const said = (text: string): string => failureText(new Error(text), trans);
  assert.equal(said('This needs the role editor; yours here is x.'), '需要“编辑者”，你是“x”。');
  assert.equal(said('The disk is full; nothing was changed.'), '磁盘已满。');
  assert.equal(said('Something else.'), 'Something else.');
  assert.deepEqual(taken('a (b) c', ['%1 (b) %2']), { text: '%1 (b) %2', values: ['a', 'c'] });
  assert.equal(taken('a b c', ['a (%1) c']), null);
});
