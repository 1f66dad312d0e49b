/** Wires the button, its panel and its report into JupyterLab. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  Clipboard,
  CommandToolbarButton,
  Dialog,
  ICommandPalette,
  IToolbarWidgetRegistry,
  MainAreaWidget,
  showDialog,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { type GraphViews, IGraphViews } from '../graph/tokens.ts';
import { IMemoryViews, type MemoryViews } from '../memory/tokens.ts';
import { CommandIDs as SourceCommands } from '../source/tokens.ts';
import type { Texts } from '../ui/signals.ts';
import { DOMAIN } from '../ui/text.ts';
import { NotebookBench } from './bench.ts';
import type { Change } from './cells.ts';
import { staticIcon } from './icons.ts';
import { ConvertModel } from './model.ts';
import { ConvertPanel } from './panel.tsx';
import { CommandIDs } from './tokens.ts';

const CATEGORY = 'Tengen Studio';

/** What the panels need of the application. */
interface Parts {
  app: JupyterFrontEnd;
  trans: Texts;
  graphs: GraphViews | null;
  memories: MemoryViews | null;
  tracker: WidgetTracker<MainAreaWidget<ConvertPanel>>;
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: '@tengen/studio-lab:convert',
  description: 'The button that makes a model or a training step static, and its report.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [
    IGraphViews,
    IMemoryViews,
    IToolbarWidgetRegistry,
    ICommandPalette,
    IMainMenu,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    graphs: GraphViews | null,
    memories: MemoryViews | null,
    toolbars: IToolbarWidgetRegistry | null,
    palette: ICommandPalette | null,
    menu: IMainMenu | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const tracker = new WidgetTracker<MainAreaWidget<ConvertPanel>>({
      namespace: 'tengen-convert'
    });
    const parts: Parts = { app, trans, graphs, memories, tracker };
    const none = { args: { type: 'object', properties: {} } } as const;
    app.commands.addCommand(CommandIDs.open, {
      label: trans.__('Make static'),
      caption: trans.__('Make a model or training step of this notebook static, with proof'),
      icon: staticIcon,
      describedBy: none,
      isEnabled: () => speaksPython(app, notebooks.currentWidget),
      execute: () => notebooks.currentWidget && open(parts, notebooks.currentWidget)
    });
    watchKernels(app, notebooks);
    // The settings say where it stands; made here it has its words beside the icon.
    toolbars?.addFactory('Notebook', 'make-static', () => {
      const label = trans.__('Make static');
      return new CommandToolbarButton({ commands: app.commands, id: CommandIDs.open, label });
    });

    const model = (): ConvertModel | undefined => tracker.currentWidget?.content.model;
    const reported = (): boolean => model()?.state.kind === 'report' && !model()?.busy;
    app.commands.addCommand(CommandIDs.use, {
      label: trans.__('Use the static version here'),
      describedBy: none,
      isEnabled: () => reported() && !model()?.used,
      execute: () => model()?.use()
    });
    app.commands.addCommand(CommandIDs.undo, {
      label: trans.__('Undo the static version'),
      describedBy: none,
      isEnabled: () => reported() && model()?.used === true,
      execute: () => model()?.undo()
    });
    app.commands.addCommand(CommandIDs.save, {
      label: trans.__('Save the static version as .tgm'),
      describedBy: none,
      isEnabled: reported,
      execute: () => model()?.save()
    });
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({ command, category: CATEGORY });
    }
    menu?.runMenu.addGroup([{ command: CommandIDs.open }], 90);
  }
};

/** Show the panel of a notebook, made when it is first asked for. */
async function open(parts: Parts, panel: NotebookPanel): Promise<void> {
  const { app, graphs, memories, tracker, trans } = parts;
  const id = `tengen-convert-${panel.id}`;
  let widget = tracker.find(other => other.id === id);
  if (!widget) {
    const bench = new NotebookBench(panel, {
      trans,
      contents: app.serviceManager.contents,
      confirm: change => confirm(change, trans),
      download
    });
    const content = new ConvertPanel(new ConvertModel(bench), {
      trans,
      onSource: source => void app.commands.execute(SourceCommands.show, { ...source }),
      cellOf: file => bench.cell(file),
      copy: text => Clipboard.copyToSystem(text),
      openFile: path => void app.commands.execute('docmanager:open', { path }),
      draw: (name, samples) => {
        const { load, measure } = bench.drawn(name, samples);
        graphs?.open(`${id}-drawn`, trans.__('Graph of %1', name), load, measure);
        moveBeside(app, `${id}-drawn`, id);
      },
      showGraph: (made, which) => {
        const view = `${id}-graph-${which}`;
        if (which === 'difference') {
          const title = trans.__('%1: before and after', made.name);
          graphs?.compare(view, title, () => bench.graphs(made));
        } else {
          const load = async () => (await bench.graphs(made))[which];
          const title =
            which === 'before'
              ? trans.__('Graph of %1, as written', made.name)
              : trans.__('Graph of %1', made.name);
          graphs?.open(view, title, load, bench.measure(made));
        }
        moveBeside(app, view, id);
      },
      showMemory: made => {
        memories?.open(`${id}-memory`, trans.__('Memory of %1', made.name), {
          load: () => bench.memory(made)
        });
        moveBeside(app, `${id}-memory`, id);
      }
    });
    widget = new MainAreaWidget({ content });
    widget.id = id;
    widget.title.label = trans.__('Static: %1', panel.title.label);
    widget.title.icon = staticIcon;
    widget.title.closable = true;
    await tracker.add(widget);
    app.shell.add(widget, 'main', { mode: 'split-right', ref: panel.id });
  }
  app.shell.activateById(id);
  const { model } = widget.content;
  if (model.state.kind !== 'running') {
    await model.load();
  }
}

/** Put a view into the tabs where the report is, so that no column gets too narrow. */
function moveBeside(app: JupyterFrontEnd, id: string, report: string): void {
  for (const widget of app.shell.widgets('main')) {
    if (widget.id === id) {
      app.shell.add(widget, 'main', { mode: 'tab-after', ref: report });
      app.shell.activateById(id);
      return;
    }
  }
}

/** Ask whether a cell may be changed and what has to may run again. */
async function confirm(change: Change, trans: Texts): Promise<boolean> {
  const [first, ...others] = change.runs.map(index => index + 1);
  const text = trans.__('Cell %1 is changed as suggested and runs again.', first);
  const more = trans.__(
    'Cells %1 make something of it and run again too; what they make starts anew.',
    others.join(', ')
  );
  const { button } = await showDialog({
    title: trans.__('Apply and re-check'),
    body: others.length ? `${text} ${more}` : text,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Change and run') })
    ]
  });
  return button.accept;
}

/** Give a text to the user as a file. */
function download(text: string, name: string, type: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Whether a notebook has a running kernel for Python. */
function speaksPython(app: JupyterFrontEnd, panel: NotebookPanel | null): boolean {
  const kernel = panel?.sessionContext.session?.kernel;
  const spec = kernel && app.serviceManager.kernelspecs.specs?.kernelspecs[kernel.name];
  return spec?.language === 'python';
}

/** Tell the button when another notebook or kernel is there. */
function watchKernels(app: JupyterFrontEnd, notebooks: INotebookTracker): void {
  const changed = (): void => app.commands.notifyCommandChanged(CommandIDs.open);
  notebooks.currentChanged.connect(changed);
  app.serviceManager.kernelspecs.specsChanged.connect(changed);
  notebooks.widgetAdded.connect((_, panel) => {
    panel.sessionContext.kernelChanged.connect(changed);
    void panel.sessionContext.ready.then(changed);
  });
}

export default plugin;
