/** Wires saving into JupyterLab: no save overwrites what its page has not seen. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { DOMAIN } from '../ui/text.ts';
import { Bases } from './bases.ts';
import { SaveCancelled, askAboutConflict } from './conflict.ts';
import { Fresh } from './fresh.ts';
import { ISaving, type Saving } from './tokens.ts';

const plugin: JupyterFrontEndPlugin<Saving> = {
  id: '@tengen/studio-lab:saving',
  description: 'Saves name what they build on; a save that comes too late can be joined.',
  autoStart: true,
  provides: ISaving,
  optional: [INotebookTracker, IDocumentManager, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    documents: IDocumentManager | null,
    translator: ITranslator | null
  ): Saving => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const asking = new Set<string>();
    const ask = async (path: string): Promise<void> => {
      if (asking.has(path)) {
        return;
      }
      asking.add(path);
      try {
        if (await askAboutConflict(app.serviceManager.serverSettings, path, trans)) {
          for (const widget of app.shell.widgets('main')) {
            const context = documents?.contextForWidget(widget);
            if (context?.path === path) {
              await context.revert();
              break; // other views of the file share the context, or read it when they save
            }
          }
        }
      } finally {
        asking.delete(path);
      }
    };
    const bases = new Bases(app.serviceManager.contents, path => {
      void ask(path);
      return new SaveCancelled(trans.__('The file was changed meanwhile'));
    });
    const fresh = new WeakMap<NotebookPanel, Fresh>();
    notebooks?.widgetAdded.connect((_, panel) => fresh.set(panel, new Fresh(panel, bases)));
    return {
      takeTheirs: async panel => (await fresh.get(panel)?.refresh(true)) ?? 'same'
    };
  }
};

export default plugin;
