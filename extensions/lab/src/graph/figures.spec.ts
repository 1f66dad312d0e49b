import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familyOf, FAMILIES } from './colouring.ts';
import { countText, figureText, shareText } from './figures.ts';

test('figures have three digits and a unit', () => {
  assert.equal(figureText('ms', 0.0456), '45.6 µs');
  assert.equal(figureText('ms', 12.34), '12.3 ms');
  assert.equal(figureText('ms', 2500), '2.50 s');
  assert.equal(figureText('flops', 61_900_000_000), '61.9 GFLOP');
  assert.equal(figureText('flops', 12), '12 FLOP');
  assert.equal(figureText('bytes', 26_000_000), '26 MB');
  assert.equal(figureText('ms', null), '–');
  assert.equal(countText(25_557_032), '25.6 M');
});

test('shares are percentages, and nothing of nothing is nothing', () => {
  assert.equal(shareText(1, 3), '33%');
  assert.equal(shareText(1, 5000), '<0.1%');
  assert.equal(shareText(0, 5), '0.0%');
  assert.equal(shareText(null, 5), '');
  assert.equal(shareText(1, 0), '');
});

test('operators have families', () => {
  const family = (op: string) => FAMILIES[familyOf(op)];
  assert.equal(family('convolution'), 'matrix');
  assert.equal(family('BatchNormalization'), 'normalisation');
  assert.equal(family('relu_backward'), 'activation');
  assert.equal(family('sgd_momentum_update'), 'update');
  assert.equal(family('max_pool'), 'reduction');
  assert.equal(family('Reshape'), 'shape');
  assert.equal(family('add'), 'elementwise');
  assert.equal(family('mystery'), 'other');
});
