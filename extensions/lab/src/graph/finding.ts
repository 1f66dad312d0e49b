/** What is looked for in a graph by words, and what was found. */

import type { ShownGraph } from './shown.ts';
import type { Item } from './tree.ts';

/** The words of a search and its hits; none without words or without a graph. */
export class Finding {
  readonly query: string;
  readonly hits: readonly Item[];

  constructor(query = '', graph: ShownGraph | null = null) {
    this.query = query;
    this.hits = query && graph ? graph.search.find(query) : [];
  }
}
