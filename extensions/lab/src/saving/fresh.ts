/** Keeps open notebooks as new as their files, where nothing of the user's would be lost. */

import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Bases } from './bases.ts';
import type { Standing } from './tokens.ts';

const OFTEN = 10_000;

/** Follows the file of one open notebook. */
export class Fresh {
  private saved: string;
  private readonly panel: NotebookPanel;
  private readonly bases: Bases;

  constructor(panel: NotebookPanel, bases: Bases) {
    this.panel = panel;
    this.bases = bases;
    this.saved = '';
    panel.context.fileChanged.connect(() => (this.saved = this.sources()));
    void panel.context.ready.then(() => (this.saved = this.sources()));
    const timer = setInterval(() => {
      if (panel.isVisible && document.visibilityState === 'visible') {
        void this.refresh(false);
      }
    }, OFTEN);
    const look = () => void (document.visibilityState === 'visible' && this.refresh(false));
    document.addEventListener('visibilitychange', look);
    panel.disposed.connect(() => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    });
  }

  /**
   * Read the file if it has changed and the notebook has no changes of its own. With `outputs`,
   * changed outputs do not count as the user's.
   */
  async refresh(outputs: boolean): Promise<Standing> {
    const { context } = this.panel;
    if (!this.isIdle(context)) {
      return 'busy';
    }
    if (!(await this.bases.isBehind(context.path).catch(() => false))) {
      return 'same';
    }
    if (!this.isIdle(context)) {
      return 'busy';
    }
    if (context.model.dirty && !(outputs && this.sources() === this.saved)) {
      return 'own';
    }
    await context.revert();
    return 'read';
  }

  private isIdle(context: DocumentRegistry.IContext<DocumentRegistry.IModel>): boolean {
    return (
      !this.panel.isDisposed &&
      context.isReady &&
      !context.isDisposed &&
      !this.panel.content.widgets.some(
        ({ model }) => (model as { executionState?: string }).executionState === 'running'
      )
    );
  }

  private sources(): string {
    const cells = this.panel.context.model.sharedModel.cells;
    return JSON.stringify(cells.map(cell => [cell.getId(), cell.cell_type, cell.getSource()]));
  }
}
