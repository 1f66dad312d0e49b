/** Wires the keeping of outputs into JupyterLab's notebooks. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { CodeCell } from '@jupyterlab/cells';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { settleRuns } from '../api/runs.ts';
import { ISaving, type Saving } from '../saving/tokens.ts';
import { Keeper } from './keeper.ts';
import { Saver } from './saver.ts';

const plugin: JupyterFrontEndPlugin<void> = {
  id: '@tengen/studio-lab:runs',
  description: 'Keeps the outputs of cells over reloads and closed pages.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [IDocumentManager, ISaving],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    documents: IDocumentManager | null,
    saving: Saving | null
  ) => {
    const server = app.serviceManager.serverSettings;
    const savers = new Map<NotebookPanel['content'], Saver>();
    const keep = (panel: NotebookPanel) => {
      const keeper = new Keeper(panel, server, id => saver.finished(id, false));
      const saver = new Saver(panel.context, {
        autosaves: () => documents?.autosave !== false,
        takeTheirs: async () => saving?.takeTheirs(panel) ?? 'same',
        catchUp: () => keeper.catchUp(),
        settle: async ids => {
          const kernel = panel.sessionContext.session?.kernel?.id;
          if (kernel) {
            await settleRuns(server, { kernel, ids });
          }
        }
      });
      savers.set(panel.content, saver);
      panel.disposed.connect(() => savers.delete(panel.content));
    };
    notebooks.forEach(keep);
    notebooks.widgetAdded.connect((_, panel) => keep(panel));
    NotebookActions.executionScheduled.connect((_, { notebook }) => savers.get(notebook)?.soon());
    NotebookActions.executed.connect((_, { notebook, cell }) => {
      const run = cell instanceof CodeCell ? cell.outputArea.future?.msg.header.msg_id : undefined;
      if (run) {
        savers.get(notebook)?.finished(run, true);
      }
    });
  }
};

export default plugin;
