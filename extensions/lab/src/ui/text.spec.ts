import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, inLanguage } from './text.ts';

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
