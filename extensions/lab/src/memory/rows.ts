/** The table's rows: which blocks, in which order. */

import { meantBy, type Place } from '../source/focus.ts';
import { sortedRows } from './order.ts';
import type { Timeline } from './timeline.ts';

/** A column to sort by. */
export type SortKey = 'tensor' | 'op' | 'module' | 'source' | 'kind' | 'bytes' | 'birth' | 'life';

/** How the table is ordered. */
export interface Sort {
  key: SortKey;
  descending: boolean;
}

/** The blocks `among` (all if null) that are in `focus` (all if null), sorted. */
export function tableRows(
  timeline: Timeline,
  sort: Sort,
  among: Uint32Array | null,
  focus: Uint8Array | null
): Uint32Array {
  const rows = among ?? Uint32Array.from({ length: timeline.count }, (_, row) => row);
  const shown = focus ? rows.filter(row => focus[row] !== 0) : rows;
  const order = sortedRows(sortKeys(timeline, sort.key), shown);
  return sort.descending ? order.reverse() : order;
}

function sortKeys(timeline: Timeline, key: SortKey): ArrayLike<number> {
  const { birth, death, document } = timeline;
  switch (key) {
    case 'bytes':
      return timeline.bytes;
    case 'birth':
      return birth;
    case 'life':
      return death.map((value, row) => value - (birth[row] as number));
    case 'kind':
      return ranked(document.kinds, timeline.kind);
    case 'tensor':
      return ranked(document.tensors, timeline.tensor);
    case 'op':
      return ranked(
        document.origins.map(origin => origin.op),
        timeline.origin
      );
    case 'module':
      return ranked(
        document.origins.map(origin => origin.module ?? ''),
        timeline.origin
      );
    case 'source':
      return ranked(
        document.origins.map(({ source }) => `${source?.file} ${source?.line}`),
        timeline.origin
      );
  }
}

/** For each row the place of its text among all texts, digits counting as numbers. */
function ranked(texts: readonly string[], column: ArrayLike<number>): Float64Array {
  const collator = new Intl.Collator('en', { numeric: true });
  const sorted = [...new Set(texts)].sort(collator.compare);
  const place = new Map(sorted.map((text, rank) => [text, rank]));
  const ranks = texts.map(text => place.get(text) ?? 0);
  return Float64Array.from(column, number => ranks[number] ?? 0);
}

/** Which blocks hold `text` in operator, module, tensor, shape or source line; null for "". */
export function matches(timeline: Timeline, text: string): Uint8Array | null {
  const wanted = text.trim().toLowerCase();
  if (!wanted) {
    return null;
  }
  const { document, origin, tensor, shape, count } = timeline;
  const has = (value: string | null | undefined): boolean =>
    value?.toLowerCase().includes(wanted) ?? false;
  const origins = document.origins.map(
    ({ op, module, source }) =>
      has(op) || has(module) || has(source?.text) || has(source?.cell) || has(place(source))
  );
  const tensors = document.tensors.map(has);
  const shapes = document.shapes.map(has);
  const found = new Uint8Array(count);
  for (let block = 0; block < count; block++) {
    const hit =
      origins[origin[block] as number] ||
      tensors[tensor[block] as number] ||
      shapes[shape[block] as number];
    found[block] = hit ? 1 : 0;
  }
  return found;
}

/** Which blocks stand for what another view has chosen; null where none does. */
export function linkedBlocks(timeline: Timeline, place: Place | null): Uint8Array | null {
  const origins = place ? meantBy(place, timeline.document.origins) : new Set<number>();
  if (!origins.size) {
    return null;
  }
  const found = new Uint8Array(timeline.count);
  let any = false;
  timeline.origin.forEach((origin, block) => {
    if (origins.has(origin)) {
      found[block] = 1;
      any = true;
    }
  });
  return any ? found : null;
}

/** A source line's place for people: "In[3]:12", "model.py:40". */
export function place(
  source: { file: string; line: number; cell?: string | null } | null | undefined
): string {
  if (!source) {
    return '';
  }
  const file = source.cell ?? source.file.split(/[\\/]/).at(-1) ?? source.file;
  return `${file}:${source.line}`;
}
