/** The file name that IPython gives the code of a cell: a hash of its text. */

const SEED = 0xc70f6907;
const FACTOR = 0x5bd1e995;
const NAME = /[\\/]ipykernel_\d+[\\/](\d+)\.py$/;

/** The hash in the file name of a cell's code, null if the file is not a cell's. */
export function cellHash(file: string): number | null {
  const found = NAME.exec(file)?.[1];
  return found === undefined ? null : Number(found);
}

/** The hash (MurmurHash2, 32 bits) that the kernel gives the code of a cell. */
export function hashCode(code: string): number {
  const data = new TextEncoder().encode(code);
  const view = new DataView(data.buffer);
  let hash = SEED ^ data.length;
  let at = 0;
  for (; at + 4 <= data.length; at += 4) {
    let part = Math.imul(view.getUint32(at, true), FACTOR);
    part = Math.imul(part ^ (part >>> 24), FACTOR);
    hash = Math.imul(hash, FACTOR) ^ part;
  }
  if (at < data.length) {
    for (let rest = data.length - 1; rest >= at; rest--) {
      hash ^= (data[rest] as number) << (8 * (rest - at));
    }
    hash = Math.imul(hash, FACTOR);
  }
  hash = Math.imul(hash ^ (hash >>> 13), FACTOR);
  return (hash ^ (hash >>> 15)) >>> 0;
}
