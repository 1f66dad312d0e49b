/** What the table lists: which blocks, in which order. */

import { Memo } from './memo.ts';
import { type Sort, type SortKey, tableRows } from './rows.ts';
import type { Timeline } from './timeline.ts';

/** Which blocks the table lists. */
export type Scope = 'moment' | 'all';

/** Where the table stands: a track's timeline, the moment at its cursor, and what is searched. */
export interface Standpoint {
  timeline: Timeline | null;
  moment: number;
  found: Uint8Array | null;
}

/** The table's rows. */
export class Listing {
  private _sort: Sort = { key: 'bytes', descending: true };
  private _scope: Scope = 'moment';
  private readonly memo = new Memo();
  private readonly standpoint: () => Standpoint;
  private readonly changed: () => void;

  constructor(standpoint: () => Standpoint, changed: () => void) {
    this.standpoint = standpoint;
    this.changed = changed;
  }

  get sort(): Sort {
    return this._sort;
  }

  get scope(): Scope {
    return this._scope;
  }

  /** Sort by a column; again turns the order round. */
  sortBy(key: SortKey): void {
    const same = this._sort.key === key;
    const numeric = key === 'bytes' || key === 'life';
    this._sort = { key, descending: same ? !this._sort.descending : numeric };
    this.changed();
  }

  setScope(scope: Scope): void {
    this._scope = scope;
    this.changed();
  }

  /** The blocks, by number. */
  get rows(): Uint32Array {
    const { timeline, moment, found } = this.standpoint();
    if (!timeline) {
      return new Uint32Array();
    }
    const time = this._scope === 'moment' ? moment : null;
    return this.memo.get('rows', [timeline, time, found, this._sort], () => {
      const among = time === null ? null : timeline.aliveAt(time);
      return tableRows(timeline, this._sort, among, found);
    });
  }
}
