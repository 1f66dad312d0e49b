import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConversionReport, CostRow } from '../api/documents.ts';
import { verdictText } from './words.ts';

const gettext = (text: string, ...values: (string | number)[]): string =>
  text.replace(/%(\d)/g, (_, place: string) => String(values[Number(place) - 1]));
const trans = { gettext, __: gettext };

function verdict(ms: number, bytes: number): string {
  const cost = (unit: CostRow['unit'], after: number) => ({ what: '', unit, before: 100, after });
  const parity = [{ what: 'outputs', difference: 0, tolerance: 1e-6, agrees: true }];
  const report = { ok: true, parity, costs: [cost('ms', ms), cost('bytes', bytes)] };
  return verdictText(report as unknown as ConversionReport, trans);
}

test('the verdict tells how much faster, and what stayed the same', () => {
  assert.equal(verdict(50, 40), 'Static, same results, 2.0× faster, 40% of the memory.');
  assert.equal(verdict(125, 130), 'Static, same results, 0.80× the speed, 130% of the memory.');
  assert.equal(verdict(98, 100.2), 'Static, same results, the same speed, the same memory.');
});
