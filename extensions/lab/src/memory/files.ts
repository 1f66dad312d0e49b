/** `.tgmem` files: memory records that `MemoryView.save` wrote, opened by double click. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { ABCWidgetFactory, type DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import type { Texts } from '../ui/signals.ts';
import { memoryIcon } from './icons.ts';
import { type MemoryInput, MemoryModel } from './model.ts';
import { MemoryPanel, type ShowSource } from './panel.tsx';

class MemoryFileFactory extends ABCWidgetFactory<DocumentWidget<MemoryPanel>> {
  private readonly _texts: Texts;
  private readonly _onSource: ShowSource;

  constructor(
    options: DocumentRegistry.IWidgetFactoryOptions<DocumentWidget<MemoryPanel>>,
    texts: Texts,
    onSource: ShowSource
  ) {
    super(options);
    this._texts = texts;
    this._onSource = onSource;
  }

  protected createNewWidget(context: DocumentRegistry.Context): DocumentWidget<MemoryPanel> {
    const model = new MemoryModel({
      load: async () => {
        await context.ready;
        return JSON.parse(context.model.toString()) as MemoryInput;
      }
    });
    const content = new MemoryPanel(model, this._texts, this._onSource);
    void model.load();
    return new DocumentWidget({ content, context });
  }
}

/** Register the file type and its view. */
export function addMemoryFiles(app: JupyterFrontEnd, trans: Texts, onSource: ShowSource): void {
  app.docRegistry.addFileType({
    name: 'tgmem',
    displayName: trans.__('Memory record'),
    extensions: ['.tgmem'],
    icon: memoryIcon,
    mimeTypes: ['application/json'],
    fileFormat: 'text',
    contentType: 'file'
  });
  app.docRegistry.addWidgetFactory(
    new MemoryFileFactory(
      {
        name: 'Tengen memory',
        label: trans.__('Memory view'),
        fileTypes: ['tgmem'],
        defaultFor: ['tgmem'],
        readOnly: true
      },
      trans,
      onSource
    )
  );
}
