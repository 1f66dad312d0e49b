/** Tells when what a kernel holds may have changed. */

import { type INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';

/**
 * Call `changed` when a cell has run, or another notebook came to the front.
 *
 * Not by the kernel's status: our own questions make it busy too.
 */
export function watchKernel(notebooks: INotebookTracker | null, changed: () => void): IDisposable {
  NotebookActions.executed.connect(changed);
  notebooks?.currentChanged.connect(changed);
  return new DisposableDelegate(() => {
    NotebookActions.executed.disconnect(changed);
    notebooks?.currentChanged.disconnect(changed);
  });
}
