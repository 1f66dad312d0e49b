/** The view's words for what documents name by keys. */

import type { Texts } from '../ui/signals.ts';
import type { MemoryDocument } from '../api/documents.ts';
import type { Advice } from './explain.ts';
import { formatSize } from './format.ts';
import type { BlockKind } from './palette.ts';

/** The name of a kind of run. */
export function runName(document: MemoryDocument, trans: Texts): string {
  switch (document.kind) {
    case 'dynamic':
      return trans.__('dynamic');
    case 'static':
      return trans.__('static');
    case 'recompute':
      return trans.__('recompute');
  }
}

/** The name of a kind of block. */
export function kindName(kind: BlockKind, trans: Texts): string {
  switch (kind) {
    case 'parameter':
      return trans.__('parameters');
    case 'gradient':
      return trans.__('gradients');
    case 'activation':
      return trans.__('activations');
    case 'optimizer':
      return trans.__('optimizer state');
    case 'workspace':
      return trans.__('workspace');
    case 'data':
      return trans.__('data');
  }
}

/** The name of a moment. */
export function markName(name: string, trans: Texts): string {
  switch (name) {
    case 'forward':
      return trans.__('forward');
    case 'backward':
      return trans.__('backward');
    case 'optimizer':
      return trans.__('update');
    default:
      return name;
  }
}

/** One sentence on what could give memory back. */
export function adviceText({ what, bytes }: Advice, trans: Texts): string {
  const size = formatSize(bytes);
  switch (what) {
    case 'stale-gradients':
      return trans.__(
        '%1 are gradients of an earlier step, held during this forward pass: call clear_grad() before it.',
        size
      );
    case 'recompute':
      return trans.__(
        '%1 are activations kept for the backward pass: computing some of them again, or a smaller batch, frees memory here.',
        size
      );
    case 'outside':
      return trans.__(
        '%1 were held before the step and still are: values kept in lists or variables, such as losses that were not turned into numbers.',
        size
      );
    case 'optimizer':
      return trans.__(
        '%1 are optimizer state: an optimizer with less state per parameter holds less.',
        size
      );
    case 'workspace':
      return trans.__('%1 are scratch memory of the running operator, freed when it ends.', size);
  }
}
