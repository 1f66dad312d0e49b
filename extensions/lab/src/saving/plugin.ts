/** Wires saving into JupyterLab: notebooks live on the server, and no save overwrites unseen. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IDocumentManager } from '@jupyterlab/docmanager';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { forgetRefused } from '../api/saving.ts';
import { DOMAIN } from '../ui/text.ts';
import { Bases } from './bases.ts';
import { SaveCancelled } from './cancelled.ts';
import { askAboutConflict } from './conflict.ts';
import { Live } from './live.ts';
import { ISaving, type Saving } from './tokens.ts';
import { watchFiles } from './watch.ts';

const ID = '@tengen/studio-lab:saving';

const plugin: JupyterFrontEndPlugin<Saving> = {
  id: ID,
  description: 'Saves what is typed in notebooks, shows what others save, and joins the two.',
  autoStart: true,
  provides: ISaving,
  optional: [INotebookTracker, IDocumentManager, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    documents: IDocumentManager | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ): Saving => {
    const server = app.serviceManager.serverSettings;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const lives = new Map<DocumentRegistry.Context, Live>();
    const asking = new Set<string>();
    const ask = async (path: string, id: string): Promise<void> => {
      if (asking.has(path)) {
        return;
      }
      asking.add(path);
      try {
        if (await askAboutConflict(server, path, id, trans)) {
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
    const bases = new Bases(app.serviceManager.contents, ({ path, isNotebook, id }) => {
      if (!isNotebook || ![...lives.values()].some(live => live.path === path)) {
        void ask(path, id);
      }
      return new SaveCancelled(trans.__('The file was changed meanwhile'), id);
    });
    const means = {
      isOn: savesTyped(settings, documents),
      ask: (path: string, id: string) => void ask(path, id),
      forget: (id: string) => forgetRefused(server, id)
    };
    const open = ({ context }: NotebookPanel) => {
      const own = context as DocumentRegistry.Context;
      if (!lives.has(own) && !context.model.collaborative) {
        lives.set(own, new Live(context, bases, means));
        context.disposed.connect(() => lives.delete(own));
      }
    };
    notebooks?.forEach(open);
    notebooks?.widgetAdded.connect((_, panel) => open(panel));
    watchFiles(app.serviceManager.events.stream, bases, () => lives.values());
    return {
      takeTheirs: async ({ context }) => {
        const live = lives.get(context as DocumentRegistry.Context);
        return live?.isBusy ? 'busy' : ((await live?.look(true).catch(() => null)) ?? 'same');
      }
    };
  }
};

/** Whether the user wants to have saved what is typed. */
function savesTyped(
  settings: ISettingRegistry | null,
  documents: IDocumentManager | null
): () => boolean {
  let isWanted = true;
  void settings
    ?.load(ID)
    .then(loaded => {
      const read = () => (isWanted = loaded.composite['saveTyped'] !== false);
      loaded.changed.connect(read);
      read();
    })
    .catch(() => undefined);
  return () => isWanted && documents?.autosave !== false;
}

export default plugin;
