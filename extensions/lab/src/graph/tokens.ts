/** What other features may ask of the graph view, and the ids of its commands. */

import { Token } from '@lumino/coreutils';
import type { GraphDocument } from '../api/documents.ts';
import type { Pair } from './compare.tsx';
import type { MeasureTimes } from './measuring.ts';
import type { GraphModel } from './model.ts';

export type { Pair } from './compare.tsx';
export { type AskTimes, measureBy, type MeasureTimes } from './measuring.ts';
export { afterPasses, earliest } from './passes.ts';

/** The ids of the graph feature's commands, for palette, menus, shortcuts and tests. */
export const CommandIDs = {
  search: 'tengen-studio:graph-search',
  fit: 'tengen-studio:graph-fit',
  openAll: 'tengen-studio:graph-open-all',
  closeAll: 'tengen-studio:graph-close-all',
  foldRepeats: 'tengen-studio:graph-fold-repeats',
  previousPass: 'tengen-studio:graph-previous-pass',
  nextPass: 'tengen-studio:graph-next-pass',
  compare: 'tengen-studio:graph-compare',
  exportSvg: 'tengen-studio:graph-export-svg',
  exportPng: 'tengen-studio:graph-export-png'
} as const;

/** Opens graph views. */
export interface GraphViews {
  /**
   * Show a document, or the one that `load` will give, in the main area under a title.
   *
   * A view with the same id is replaced. The model tells what is chosen in it and takes choices:
   * `model.revealNode(id)`. `measure` runs the graph for its times, where that can be done.
   */
  open(
    id: string,
    title: string,
    load: () => Promise<GraphDocument>,
    measure?: MeasureTimes
  ): GraphModel;

  /** Show the two documents that `load` will give side by side, with what differs. */
  compare(id: string, title: string, load: () => Promise<Pair>): void;
}

/** The graph view, for features that have documents to show. */
export const IGraphViews = new Token<GraphViews>(
  '@tengen/studio-lab:IGraphViews',
  'Opens graph documents in the main area.'
);
