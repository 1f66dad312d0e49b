/** Saves a notebook when its cells are run and when they are done, so that no output waits. */

import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { settleRuns } from '../api/runs.ts';
import type { Server } from '../api/request.ts';
import type { Saving } from '../saving/tokens.ts';

const SOON = 600;
/** The page that has started a run saves first; the others have its file then. */
const AFTER_OTHERS = 2_500;

/** Saves one notebook, and tells the server which runs are in what was saved. */
export class Saver {
  private readonly panel: NotebookPanel;
  private readonly server: Server;
  private readonly documents: IDocumentManager | null;
  private readonly saving: Saving | null;
  private own = true;
  private over = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    panel: NotebookPanel,
    server: Server,
    documents: IDocumentManager | null,
    saving: Saving | null
  ) {
    this.panel = panel;
    this.server = server;
    this.documents = documents;
    this.saving = saving;
    let inside: string[] = [];
    panel.context.saveState.connect((_, state) => {
      if (state === 'started') {
        inside = [...this.over];
      } else if (state === 'completed') {
        void this.settle(inside);
      }
    });
  }

  /** Note that a run is over and shown to its end; `own` if this page has started it. */
  finished(runId: string, own: boolean): void {
    this.over.add(runId);
    this.own &&= own;
    this.soon(own ? SOON : AFTER_OTHERS);
  }

  /** Save in a moment, unless autosaving is off. */
  soon(wait = SOON): void {
    if (this.timer === null) {
      this.timer = setTimeout(() => {
        this.timer = null;
        void this.save();
      }, wait);
    }
  }

  private async save(): Promise<void> {
    const { context, isDisposed } = this.panel;
    if (isDisposed || context.isDisposed || this.documents?.autosave === false) {
      return;
    }
    const own = this.own;
    this.own = true;
    if (!own && this.saving) {
      const standing = await this.saving.takeTheirs(this.panel);
      if (standing === 'busy' && !isDisposed) {
        this.own = false;
        this.soon(AFTER_OTHERS); // the page that runs the cells saves meanwhile
      }
      if (standing === 'busy' || standing === 'own') {
        return;
      }
    }
    if (!context.model.dirty) {
      await this.settle([...this.over]); // what is shown was read from the disk
    } else if (context.contentsModel?.writable && !context.model.readOnly) {
      await context.save().catch(() => undefined); // JupyterLab has said why
    }
  }

  private async settle(ids: string[]): Promise<void> {
    const kernel = this.panel.sessionContext.session?.kernel?.id;
    ids.forEach(id => this.over.delete(id));
    if (kernel && ids.length) {
      await settleRuns(this.server, { kernel, ids }).catch(() => undefined);
    }
  }
}
