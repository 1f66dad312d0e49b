/** Joins two orders of the same cells. */

/**
 * The order of the cells in `kept`, each of which is in `mine` or `theirs` or both.
 *
 * Whoever has moved cells since `base` has the say, this side if both have; a cell that only the
 * other side has comes after the one that it follows there.
 */
export function joinOrder(
  base: readonly string[],
  mine: readonly string[],
  theirs: readonly string[],
  kept: ReadonlySet<string>
): string[] {
  const shared = new Set(base.filter(id => mine.includes(id) && theirs.includes(id)));
  const among = (ids: readonly string[]) => ids.filter(id => shared.has(id)).join('\n');
  const movedThere = among(theirs) !== among(base) && among(mine) === among(base);
  const [first, second] = movedThere ? [theirs, mine] : [mine, theirs];
  const joined = first.filter(id => kept.has(id));
  const there = new Set(joined);
  let before: string | undefined;
  for (const id of second) {
    if (!kept.has(id)) {
      continue;
    }
    if (!there.has(id)) {
      joined.splice(before === undefined ? 0 : joined.indexOf(before) + 1, 0, id);
      there.add(id);
    }
    before = id;
  }
  return joined;
}

/** The places, in rising order, of a longest run of `values` that need not move to be sorted. */
export function inOrder(values: readonly number[]): Set<number> {
  const ends: number[] = []; // the place where a run of each length ends lowest
  const before: number[] = [];
  values.forEach((value, place) => {
    let length = ends.findIndex(end => (values[end] ?? 0) >= value);
    if (length < 0) {
      length = ends.length;
    }
    before[place] = ends[length - 1] ?? -1;
    ends[length] = place;
  });
  const kept = new Set<number>();
  for (let place = ends.at(-1) ?? -1; place >= 0; place = before[place] ?? -1) {
    kept.add(place);
  }
  return kept;
}
