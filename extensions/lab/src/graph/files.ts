/** `.tggraph` files: graph documents that `GraphView.save` wrote, opened by double click. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { WidgetTracker } from '@jupyterlab/apputils';
import { ABCWidgetFactory, type DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import type { Widget } from '@lumino/widgets';
import type { GraphDocument } from '../api/documents.ts';
import { GraphPanel, type PanelWiring } from './panel.tsx';

class GraphFileFactory extends ABCWidgetFactory<DocumentWidget<GraphPanel>> {
  private readonly _wiring: PanelWiring;

  constructor(
    options: DocumentRegistry.IWidgetFactoryOptions<DocumentWidget<GraphPanel>>,
    wiring: PanelWiring
  ) {
    super(options);
    this._wiring = wiring;
  }

  protected createNewWidget(context: DocumentRegistry.Context): DocumentWidget<GraphPanel> {
    const load = async () => {
      await context.ready;
      return JSON.parse(context.model.toString()) as GraphDocument;
    };
    const widget = new DocumentWidget({ content: new GraphPanel(load, this._wiring), context });
    widget.toolbar.hide(); // the view has its own
    return widget;
  }
}

/** Register the file type and its view; what is opened is added to `tracker`. */
export function addGraphFiles(
  app: JupyterFrontEnd,
  tracker: WidgetTracker<Widget & { content: GraphPanel }>,
  wiring: PanelWiring
): void {
  const { trans } = wiring;
  app.docRegistry.addFileType({
    name: 'tggraph',
    displayName: trans.__('Graph'),
    extensions: ['.tggraph'],
    mimeTypes: ['application/json'],
    fileFormat: 'text',
    contentType: 'file'
  });
  const factory = new GraphFileFactory(
    {
      name: 'Tengen graph',
      label: trans.__('Graph view'),
      fileTypes: ['tggraph'],
      defaultFor: ['tggraph'],
      readOnly: true
    },
    wiring
  );
  factory.widgetCreated.connect((_, widget) => void tracker.add(widget));
  app.docRegistry.addWidgetFactory(factory);
}
