/** Wires the graph view into JupyterLab. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  Dialog,
  ICommandPalette,
  InputDialog,
  MainAreaWidget,
  showDialog,
  WidgetTracker
} from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';
import type { GraphDocument } from '../api/documents.ts';
import { CommandIDs as SourceCommands } from '../source/tokens.ts';
import { DOMAIN } from '../ui/text.ts';
import { addCommands } from './commands.ts';
import { addGraphFiles } from './files.ts';
import { graphIcon } from './icons.ts';
import { COLOUR_CHOICES, type ColourBy } from './colouring.ts';
import type { GraphModel } from './model.ts';
import type { Preferences } from './shown.ts';
import { ComparePanel, GraphPanel, type PanelWiring } from './panel.tsx';
import { type GraphViews, IGraphViews, type MeasureTimes, type Pair } from './tokens.ts';

const ID = '@tengen/studio-lab:graph';

const plugin: JupyterFrontEndPlugin<GraphViews> = {
  id: ID,
  description: 'The graph view: models and steps as nested groups, compared and explained.',
  autoStart: true,
  provides: IGraphViews,
  optional: [ICommandPalette, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const tracker = new WidgetTracker<Widget & { content: GraphPanel }>({
      namespace: 'tengen-graph'
    });
    const wiring: PanelWiring = {
      trans,
      startWorker: () => new Worker(new URL('./layout.worker.js', import.meta.url)),
      preferences: () => preferences(settings),
      onSource: source => void app.commands.execute(SourceCommands.show, { ...source }),
      onCompare: model => askForAnother(tracker, model, wiring)
    };
    const show = (id: string, title: string, content: Widget): MainAreaWidget => {
      const widget = new MainAreaWidget({ content });
      widget.id = id;
      widget.title.label = title;
      widget.title.icon = graphIcon;
      widget.title.closable = true;
      app.shell.add(widget, 'main');
      app.shell.activateById(id);
      return widget;
    };
    const compared = new Map<string, MainAreaWidget>();
    addCommands(app, tracker, trans, palette);
    addGraphFiles(app, tracker, wiring);
    return {
      open: (
        id: string,
        title: string,
        load: () => Promise<GraphDocument>,
        measure?: MeasureTimes
      ) => {
        tracker.find(widget => widget.id === id)?.dispose();
        const content = new GraphPanel(load, wiring, measure);
        void tracker.add(show(id, title, content) as MainAreaWidget<GraphPanel>);
        return content.model;
      },
      compare: (id: string, title: string, load: () => Promise<Pair>) => {
        compared.get(id)?.dispose();
        const widget = show(id, title, new ComparePanel(load, wiring));
        compared.set(id, widget);
        widget.disposed.connect(() => compared.delete(id));
      }
    };
  }
};

/** What the settings say about graphs that open. */
async function preferences(settings: ISettingRegistry | null): Promise<Preferences> {
  const found = (await settings?.load(ID).catch(() => undefined))?.composite;
  const colourBy = COLOUR_CHOICES.find((choice): choice is ColourBy => choice === found?.colourBy);
  return { colourBy: colourBy ?? 'family', foldRepeats: found?.foldRepeats !== false };
}

/** Let the user choose among the other graphs that are open. */
async function askForAnother(
  tracker: WidgetTracker<Widget & { content: GraphPanel }>,
  model: GraphModel,
  { trans }: PanelWiring
): Promise<GraphDocument | null> {
  const others: (Widget & { content: GraphPanel })[] = [];
  tracker.forEach(widget => {
    if (widget.content.model !== model && widget.content.model.document) {
      others.push(widget);
    }
  });
  const title = trans.__('Compare with');
  if (!others.length) {
    await showDialog({
      title,
      body: trans.__('Open the other graph first: every open graph can be chosen here.'),
      buttons: [Dialog.okButton()]
    });
    return null;
  }
  const names = others.map((widget, i) => `${i + 1}. ${widget.title.label}`);
  const { value } = await InputDialog.getItem({ title, items: names });
  const chosen = value === null ? -1 : names.indexOf(value);
  return others[chosen]?.content.model.document ?? null;
}

export default plugin;
