/** Pictures between two pictures, so that the eye can follow what moved. */

import type { Scene } from './scene.ts';

/** The later scene with each box `share` of the way from its place in the earlier one. */
export function between(from: Scene, to: Scene, share: number): Scene {
  const eased = 1 - (1 - share) ** 3;
  const mixed = (name: 'x' | 'y' | 'w' | 'h') => {
    const values = to[name].slice();
    for (let box = 0; box < to.count; box++) {
      const before = from.boxes.get(to.items[box] ?? 0);
      if (before !== undefined) {
        const start = from[name][before] ?? 0;
        values[box] = start + ((to[name][box] ?? 0) - start) * eased;
      }
    }
    return values;
  };
  // Edges would cut across moving boxes: they come when all stand still.
  const none = new Int32Array(to.count);
  return {
    ...to,
    x: mixed('x'),
    y: mixed('y'),
    w: mixed('w'),
    h: mixed('h'),
    edgeStarts: none,
    edgeEnds: none
  };
}
