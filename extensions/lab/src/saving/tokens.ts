/** What other features may ask of saving. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';

/**
 * How a notebook stands to its file: what others have saved was `read`, it is the `same`, has
 * changes of its `own` that clash with the file's, or is `busy` with a cell and was left alone.
 */
export type Standing = 'read' | 'same' | 'own' | 'busy';

/** Keeps pages and files from overwriting each other. */
export interface Saving {
  /** Take in what others have saved of a notebook that runs nothing, their outputs before its own. */
  takeTheirs(panel: NotebookPanel): Promise<Standing>;
}

/** The saving of this page. */
export const ISaving = new Token<Saving>(
  '@tengen/studio-lab:ISaving',
  'Keeps open notebooks and their files from overwriting each other.'
);
