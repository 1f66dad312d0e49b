/** Wires the memory views into JupyterLab. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { LiveMemory, Source } from '../api/documents.ts';
import { askKernel } from '../api/kernel.ts';
import { type Gpus, IGpus } from '../gpus/tokens.ts';
import { CommandIDs as SourceCommands } from '../source/tokens.ts';
import { DOMAIN } from '../ui/text.ts';
import { addMemoryFiles } from './files.ts';
import { memoryIcon } from './icons.ts';
import { watchKernel } from './kernel.ts';
import { LiveModel } from './live.ts';
import { MemoryModel, type MemorySource } from './model.ts';
import { LivePanel, MemoryPanel } from './panel.tsx';
import { CommandIDs, IMemoryViews, type MemoryViews } from './tokens.ts';

const CATEGORY = 'Tengen Studio';
const LIVE = "__import__('tengen.viz.live', fromlist=['live']).live()";

const ID = '@tengen/studio-lab:memory';

const plugin: JupyterFrontEndPlugin<MemoryViews> = {
  id: ID,
  description: 'The memory view: records of a step, and what a kernel holds now.',
  autoStart: true,
  provides: IMemoryViews,
  optional: [INotebookTracker, ICommandPalette, IMainMenu, ITranslator, IGpus, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    palette: ICommandPalette | null,
    menu: IMainMenu | null,
    translator: ITranslator | null,
    gpus: Gpus | null,
    settings: ISettingRegistry | null
  ) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const onSource = (source: Source): void => {
      void app.commands.execute(SourceCommands.show, { ...source });
    };
    const tracker = new WidgetTracker<MainAreaWidget<MemoryPanel>>({ namespace: 'tengen-memory' });

    const views: MemoryViews = {
      open: (id: string, title: string, source: MemorySource): MemoryModel => {
        tracker.find(widget => widget.id === id)?.dispose();
        const content = new MemoryPanel(new MemoryModel(source), trans, onSource);
        const widget = new MainAreaWidget({ content });
        widget.id = id;
        widget.title.label = title;
        widget.title.icon = memoryIcon;
        widget.title.closable = true;
        app.shell.add(widget, 'main', { mode: 'split-right' });
        void tracker.add(widget);
        void content.model.load();
        return content.model;
      }
    };

    let live: MainAreaWidget<LivePanel> | null = null;
    app.commands.addCommand(CommandIDs.openLive, {
      label: trans.__('Memory of the kernel'),
      caption: trans.__('Which tensors hold memory now, by module and by line'),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => {
        if (!live || live.isDisposed) {
          const model = new LiveModel(async () => {
            const kernel = notebooks?.currentWidget?.sessionContext.session?.kernel;
            return kernel ? await askKernel<LiveMemory>(kernel, 'tengen', LIVE) : undefined;
          });
          live = new MainAreaWidget({ content: new LivePanel(model, trans, onSource, gpus) });
          live.id = 'tengen-memory-live';
          live.title.label = trans.__('Memory of the kernel');
          live.title.icon = memoryIcon;
          live.title.closable = true;
          const opened = live;
          const watch = watchKernel(notebooks, () => {
            void follows(settings).then(follow => {
              if (follow && opened.isVisible) {
                void model.refresh();
              }
            });
          });
          live.disposed.connect(() => watch.dispose());
          void model.refresh();
        }
        if (!live.isAttached) {
          app.shell.add(live, 'main', { mode: 'split-right' });
        }
        app.shell.activateById(live.id);
        return live;
      }
    });
    palette?.addItem({ command: CommandIDs.openLive, category: CATEGORY });
    menu?.viewMenu.addGroup([{ command: CommandIDs.openLive }], 1);
    addMemoryFiles(app, trans, onSource);
    return views;
  }
};

/** Whether the live view asks the kernel after each cell. */
async function follows(settings: ISettingRegistry | null): Promise<boolean> {
  const found = await settings?.get(ID, 'follow').catch(() => undefined);
  return found?.composite !== false;
}

export default plugin;
