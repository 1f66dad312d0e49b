/** Wires the GPUs into JupyterLab: a strip for the memory view, and a command. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { listGpus, parkKernel } from '../api/gpus.ts';
import { DOMAIN } from '../ui/text.ts';
import { GpuModel } from './model.ts';
import { CommandIDs, type Gpus, IGpus } from './tokens.ts';
import { GpuStrip } from './view.tsx';

const plugin: JupyterFrontEndPlugin<Gpus> = {
  id: '@tengen/studio-lab:gpus',
  description: 'Who uses the GPUs, and making room on them; nothing where there is no GPU.',
  autoStart: true,
  provides: IGpus,
  optional: [INotebookTracker, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const server = app.serviceManager.serverSettings;
    const model = new GpuModel({
      list: () => listGpus(server),
      park: kernel => parkKernel(server, kernel)
    });
    const nameOf = (kernel: string): string => {
      for (const session of app.serviceManager.sessions.running()) {
        if (session.kernel?.id === kernel) {
          return PathExt.basename(session.path);
        }
      }
      return '';
    };
    const here = (): string | undefined =>
      notebooks?.currentWidget?.sessionContext.session?.kernel?.id;
    app.commands.addCommand(CommandIDs.park, {
      label: trans.__('Make room on the GPU'),
      caption: trans.__(
        'Moves its tensors to the memory of the machine; each comes back when it is next used'
      ),
      describedBy: {
        args: { type: 'object', properties: { kernel: { type: 'string' } } }
      },
      isVisible: () => model.gpus.length > 0,
      isEnabled: ({ kernel }) => Boolean(kernel ?? here()),
      execute: async ({ kernel }) => {
        const chosen = typeof kernel === 'string' ? kernel : here();
        if (chosen) {
          await model.park(chosen);
        }
      }
    });
    palette?.addItem({ command: CommandIDs.park, category: 'Tengen Studio' });
    void model.refresh();
    return {
      strip: visible => (
        <GpuStrip
          model={model}
          trans={trans}
          nameOf={nameOf}
          visible={visible}
          onPark={kernel => void app.commands.execute(CommandIDs.park, { kernel })}
        />
      )
    };
  }
};

export default plugin;
