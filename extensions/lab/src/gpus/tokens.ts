/** What other parts of the extension may ask of the GPUs' view. */

import { Token } from '@lumino/coreutils';
import type * as React from 'react';

/** Commands of the GPUs' view. */
export const CommandIDs = {
  park: 'tengen-studio:park-kernel'
} as const;

/** The GPUs, for a view that has room for them. */
export interface Gpus {
  /** A strip that shows nothing where there is no GPU; it asks again while `visible` says so. */
  strip(visible: () => boolean): React.ReactElement;
}

/** The token of the GPUs. */
export const IGpus = new Token<Gpus>('@tengen/studio-lab:IGpus');
