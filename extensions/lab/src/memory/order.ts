/** Sorting a million numbers without comparing them: a stable radix sort of row numbers. */

const BITS = 11;
const BUCKETS = 1 << BITS;

/**
 * The rows of `keys` from the least key to the greatest, equal keys in row order.
 *
 * Keys are whole numbers of a span below 2^53. `rows` limits the sort to these rows, in their
 * order.
 */
export function sortedRows(keys: ArrayLike<number>, rows?: Uint32Array): Uint32Array {
  const count = rows ? rows.length : keys.length;
  let order = rows ? rows.slice() : new Uint32Array(count);
  let least = Infinity;
  let most = -Infinity;
  let sorted = true;
  let last = -Infinity;
  for (let index = 0; index < count; index++) {
    const row = rows ? (rows[index] as number) : index;
    order[index] = row;
    const key = keys[row] as number;
    sorted &&= key >= last;
    last = key;
    least = Math.min(least, key);
    most = Math.max(most, key);
  }
  if (sorted) {
    return order;
  }
  let next = new Uint32Array(count);
  const offsets = new Uint32Array(BUCKETS);
  for (let unit = 1; unit <= most - least; unit *= BUCKETS) {
    offsets.fill(0);
    for (let row = 0; row < count; row++) {
      const key = (keys[order[row] as number] as number) - least;
      (offsets[Math.floor(key / unit) % BUCKETS] as number)++;
    }
    let sum = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const size = offsets[bucket] as number;
      offsets[bucket] = sum;
      sum += size;
    }
    for (let index = 0; index < count; index++) {
      const row = order[index] as number;
      const bucket = Math.floor(((keys[row] as number) - least) / unit) % BUCKETS;
      const place = offsets[bucket] as number;
      offsets[bucket] = place + 1;
      next[place] = row;
    }
    [order, next] = [next, order];
  }
  return order;
}

/** The first index whose value is above `limit` in rising `values`. */
export function firstAbove(values: Float64Array, limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) <= limit) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
