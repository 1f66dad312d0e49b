/** Wires the cards about memory and dead kernels into JupyterLab. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { DOMAIN } from '../ui/text.ts';
import { DeathWatch } from './deaths.ts';
import { TroubleOutput } from './renderer.tsx';
import { lookAround } from './surroundings.ts';
import { CommandIDs, MIME } from './tokens.ts';
import { deathText } from './words.ts';

const CATEGORY = 'Tengen Studio';
const ID = '@tengen/studio-lab:trouble';

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Says what to do when memory runs out, and why a kernel died.',
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  optional: [ICommandPalette, IStateDB, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    registry: IRenderMimeRegistry,
    palette: ICommandPalette | null,
    state: IStateDB | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    registry.addFactory(
      {
        safe: true,
        mimeTypes: [MIME],
        createRenderer: () =>
          new TroubleOutput(
            node => lookAround(app, tracker, node, trans),
            trans,
            () => asksAtOnce(settings)
          )
      },
      0
    );
    const title = (translator ?? nullTranslator).load('jupyterlab').__('Kernel Restarting');
    const watch = new DeathWatch(app.serviceManager.serverSettings, trans, state, title);
    watch.follow(tracker);
    app.commands.addCommand(CommandIDs.explain, {
      label: trans.__('Why did the kernel die?'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => tracker.currentWidget !== null,
      execute: async () => {
        const panel = tracker.currentWidget;
        const death = panel && (await watch.look(panel));
        Notification.info(death ? deathText(death, trans) : trans.__('This kernel has not died.'), {
          autoClose: false
        });
        return death;
      }
    });
    palette?.addItem({ command: CommandIDs.explain, category: CATEGORY });
  }
};

/** Whether a card asks the kernel by itself. */
async function asksAtOnce(settings: ISettingRegistry | null): Promise<boolean> {
  const found = await settings?.get(ID, 'askAtOnce').catch(() => undefined);
  return found?.composite !== false;
}

export default plugin;
