/** Wires the command that shows a line of the user's code, and the lines that views speak of. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Source } from '../api/documents.ts';
import { DOMAIN } from '../ui/text.ts';
import { pageFocus } from './focus.ts';
import { linkNotebooks } from './linking.ts';
import { showSource } from './show.ts';
import { CommandIDs } from './tokens.ts';

const plugin: JupyterFrontEndPlugin<void> = {
  id: '@tengen/studio-lab:source',
  description: 'Shows the line of code that a picture speaks of.',
  autoStart: true,
  optional: [INotebookTracker, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    // Notebook outputs outside JupyterLab's own widgets speak the page's language.
    document.documentElement.lang = (translator?.languageCode ?? 'en').replace('_', '-');
    if (notebooks) {
      linkNotebooks(notebooks, pageFocus());
    }
    app.commands.addCommand(CommandIDs.show, {
      label: trans.__('Show the line of code'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            file: { type: 'string' },
            line: { type: 'number' },
            cell: { type: 'string' },
            text: { type: 'string' }
          },
          required: ['file', 'line']
        }
      },
      execute: args => showSource(app, notebooks, args as unknown as Source, trans)
    });
  }
};

export default plugin;
