/** Watches the notebooks' kernels; one that died leaves a card under the cell that it ran. */

import { Dialog, Notification } from '@jupyterlab/apputils';
import type { ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { IStateDB } from '@jupyterlab/statedb';
import type { PartialJSONObject } from '@lumino/coreutils';
import { listDeaths } from '../api/kernels.ts';
import type { KernelDeath } from '../api/documents.ts';
import type { Server } from '../api/request.ts';
import type { Texts } from '../ui/signals.ts';
import { MIME } from './tokens.ts';
import { deathAdvice, deathText, deathTitle } from './words.ts';

const SEEN = 'tengen-studio:deaths-seen';
const MOST_SEEN = 50;

/** Tells of every death once, also of those that happened while the page was closed. */
export class DeathWatch {
  private readonly _server: Server;
  private readonly _trans: Texts;
  private readonly _state: IStateDB | null;
  private readonly _title: string;
  private readonly _seen = new Set<string>();
  private _loaded: Promise<void> | null = null;

  /** `title` is that of JupyterLab's own dialog about kernels that died. */
  constructor(server: Server, trans: Texts, state: IStateDB | null, title: string) {
    this._server = server;
    this._trans = trans;
    this._state = state;
    this._title = title;
  }

  /** Watch every notebook that opens. */
  follow(tracker: INotebookTracker): void {
    tracker.widgetAdded.connect((_, panel) => {
      void panel.sessionContext.ready.then(() => this.look(panel));
      panel.sessionContext.statusChanged.connect((_context, status) => {
        if (status === 'autorestarting' || status === 'dead') {
          void this.look(panel);
        }
      });
    });
  }

  /** Ask how the notebook's kernel died, and show what was not shown yet. */
  async look(panel: NotebookPanel): Promise<KernelDeath | null> {
    const kernel = panel.sessionContext.session?.kernel?.id;
    if (!kernel || panel.isDisposed) {
      return null;
    }
    await (this._loaded ??= this._load());
    const { items } = await listDeaths(this._server, kernel).catch(() => ({ items: [] }));
    for (const death of [...items].reverse()) {
      if (!this._seen.has(death.id) && !panel.isDisposed) {
        await this._remember(death.id);
        this._show(panel, death);
      }
    }
    return items[0] ?? null;
  }

  private _show(panel: NotebookPanel, death: KernelDeath): void {
    const trans = this._trans;
    const cell = panel.content.widgets.find(({ model }) => model.id === death.cell);
    if (cell?.model.type === 'code') {
      (cell.model as ICodeCellModel).outputs.add({
        output_type: 'display_data',
        data: {
          [MIME]: death as unknown as PartialJSONObject,
          'text/plain': deathText(death, trans)
        },
        metadata: {}
      });
    }
    this._replaceDialog();
    const index = cell ? panel.content.widgets.indexOf(cell) : -1;
    Notification.error(
      cell ? deathTitle(death, trans) : `${deathTitle(death, trans)}. ${deathAdvice(death, trans)}`,
      {
        autoClose: false,
        actions: cell
          ? [
              {
                label: trans.__('Show the cell'),
                callback: () => {
                  panel.content.activeCellIndex = index;
                  void panel.content.scrollToItem(index, 'center');
                }
              }
            ]
          : []
      }
    );
  }

  /** Take away JupyterLab's own word on the event, which says less and covers the card. */
  private _replaceDialog(): void {
    Dialog.tracker.forEach(dialog => {
      if (dialog.node.querySelector('.jp-Dialog-header')?.textContent === this._title) {
        dialog.reject();
      }
    });
  }

  private async _load(): Promise<void> {
    const found = await this._state?.fetch(SEEN);
    if (Array.isArray(found)) {
      found.forEach(id => this._seen.add(String(id)));
    }
  }

  private async _remember(id: string): Promise<void> {
    this._seen.add(id);
    await this._state?.save(SEEN, [...this._seen].slice(-MOST_SEEN));
  }
}
