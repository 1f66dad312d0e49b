import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FROM_OUTSIDE, layOut, TO_OUTSIDE } from './layout.ts';

function sizes(count: number): Float32Array {
  return Float32Array.from({ length: 2 * count }, (_, i) => (i % 2 ? 40 : 100));
}

function noOverlap(places: Float32Array): void {
  for (let a = 0; a < places.length; a += 2) {
    for (let b = 0; b < a; b += 2) {
      const apart =
        Math.abs((places[a] ?? 0) - (places[b] ?? 0)) >= 100 ||
        Math.abs((places[a + 1] ?? 0) - (places[b + 1] ?? 0)) >= 40;
      assert.ok(apart, `${a / 2} lies on ${b / 2}`);
    }
  }
}

test('a chain runs downwards, from the entry to the exit', () => {
  const edges = Int32Array.from([FROM_OUTSIDE, 0, 0, 1, 1, 2, 2, TO_OUTSIDE]);
  const { entry, exit, offsets, places, points } = layOut({ sizes: sizes(3), edges });
  assert.ok((places[1] ?? 0) < (places[3] ?? 0) && (places[3] ?? 0) < (places[5] ?? 0));
  assert.equal(entry, exit);
  assert.equal(offsets[4], points.length);
  assert.equal(points[0], entry);
});

test('an edge around an item passes beside it', () => {
  const edges = Int32Array.from([0, 1, 1, 2, 0, 2]);
  const { offsets, places, points } = layOut({ sizes: sizes(3), edges });
  noOverlap(places);
  const bends = [...points.subarray(offsets[2], offsets[3])];
  const [left, top] = [places[2] ?? 0, places[3] ?? 0];
  for (let i = 2; i < bends.length - 2; i += 2) {
    const [x, y] = [bends[i] ?? 0, bends[i + 1] ?? 0];
    assert.ok(x < left || x > left + 100 || y < top || y > top + 40);
  }
});

test('many items that nothing joins stand in rows, with no lines to the outside', () => {
  const pairs = [...Array(50).keys()].flatMap(i => [FROM_OUTSIDE, i]);
  const { height, offsets, places, width } = layOut({
    sizes: sizes(50),
    edges: Int32Array.from(pairs)
  });
  noOverlap(places);
  assert.ok(width < 3 * height && height < 3 * width, `${width} × ${height}`);
  assert.equal(offsets[50], 0);
});

test('a cycle is laid out as well', () => {
  const { places } = layOut({ sizes: sizes(2), edges: Int32Array.from([0, 1, 1, 0]) });
  noOverlap(places);
});
