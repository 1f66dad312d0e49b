/** What other features may ask of the memory view, and the ids of its commands. */

import { Token } from '@lumino/coreutils';
import type { MemoryModel, MemorySource } from './model.ts';

/** The ids of the memory feature's commands, for palette, menus and tests. */
export const CommandIDs = {
  openLive: 'tengen-studio:memory-live'
} as const;

/** Opens memory views. */
export interface MemoryViews {
  /**
   * Show documents in the main area under a title; a view with the same id is brought to front
   * and shows the new source. The model tells what is chosen in it.
   */
  open(id: string, title: string, source: MemorySource): MemoryModel;
}

/** The memory view, for features that have documents to show. */
export const IMemoryViews = new Token<MemoryViews>(
  '@tengen/studio-lab:IMemoryViews',
  'Opens memory documents in the main area.'
);
