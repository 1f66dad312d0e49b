import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sayIn } from './say.ts';

test('titles and descriptions are said wherever they are, and nothing else', () => {
  const schema = {
    title: 'one',
    type: 'object',
    properties: {
      colour: { description: 'two', default: 'one', oneOf: [{ const: 'one', title: 'three' }] }
    }
  };
  sayIn(schema, text => text.toUpperCase());
  sayIn(schema, text => text.toUpperCase());
  assert.deepEqual(schema, {
    title: 'ONE',
    type: 'object',
    properties: {
      colour: { description: 'TWO', default: 'one', oneOf: [{ const: 'one', title: 'THREE' }] }
    }
  });
});
