/** Files with graphs, opened by double click: `.tggraph` documents, `.tgm` and `.onnx` models. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { WidgetTracker } from '@jupyterlab/apputils';
import {
  ABCWidgetFactory,
  Base64ModelFactory,
  type DocumentRegistry,
  DocumentWidget
} from '@jupyterlab/docregistry';
import type { Widget } from '@lumino/widgets';
import type { GraphDocument } from '../api/documents.ts';
import { getFileGraph } from '../api/graphs.ts';
import { graphIcon } from './icons.ts';
import { GraphPanel, type PanelWiring } from './panel.tsx';

type Load = (context: DocumentRegistry.Context) => Promise<GraphDocument>;

class GraphFileFactory extends ABCWidgetFactory<DocumentWidget<GraphPanel>> {
  private readonly _wiring: PanelWiring;
  private readonly _load: Load;

  constructor(
    options: DocumentRegistry.IWidgetFactoryOptions<DocumentWidget<GraphPanel>>,
    wiring: PanelWiring,
    load: Load
  ) {
    super(options);
    this._wiring = wiring;
    this._load = load;
  }

  protected createNewWidget(context: DocumentRegistry.Context): DocumentWidget<GraphPanel> {
    const content = new GraphPanel(() => this._load(context), this._wiring);
    const widget = new DocumentWidget({ content, context });
    widget.toolbar.hide(); // the view has its own
    return widget;
  }
}

/** A model of a file whose bytes stay on the server. */
class UnreadModelFactory extends Base64ModelFactory {
  /* eslint-disable @typescript-eslint/class-literal-property-style -- accessors in the base class */
  get name(): string {
    return 'tengen-unread';
  }

  get fileFormat(): null {
    return null;
  }
  /* eslint-enable @typescript-eslint/class-literal-property-style */
}

/** Register the file types and their view; what is opened is added to `tracker`. */
export function addGraphFiles(
  app: JupyterFrontEnd,
  tracker: WidgetTracker<Widget & { content: GraphPanel }>,
  wiring: PanelWiring
): void {
  const { trans } = wiring;
  const registry = app.docRegistry;
  const server = app.serviceManager.serverSettings;
  const addView = (name: string, fileTypes: string[], modelName: string, load: Load) => {
    const label = trans.__('Graph view');
    const options = { name, label, fileTypes, defaultFor: fileTypes, modelName, readOnly: true };
    const factory = new GraphFileFactory(options, wiring, load);
    factory.widgetCreated.connect((_, widget) => void tracker.add(widget));
    registry.addWidgetFactory(factory);
  };
  registry.addFileType({
    name: 'tggraph',
    displayName: trans.__('Graph'),
    extensions: ['.tggraph'],
    icon: graphIcon,
    mimeTypes: ['application/json'],
    fileFormat: 'text',
    contentType: 'file'
  });
  for (const name of ['tgm', 'onnx']) {
    registry.addFileType({
      name,
      displayName: trans.__('Model'),
      extensions: [`.${name}`],
      icon: graphIcon,
      mimeTypes: ['application/octet-stream'],
      fileFormat: 'base64',
      contentType: 'file'
    });
  }
  registry.addModelFactory(new UnreadModelFactory());
  addView('Tengen graph', ['tggraph'], 'text', async context => {
    await context.ready;
    return JSON.parse(context.model.toString()) as GraphDocument;
  });
  addView('Tengen model graph', ['tgm', 'onnx'], 'tengen-unread', context =>
    getFileGraph(server, context.path)
  );
}
