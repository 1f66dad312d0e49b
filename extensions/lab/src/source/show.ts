/** Shows a line of the user's code: the notebook cell that holds it, or the file. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Source } from '../api/documents.ts';
import type { Texts } from '../ui/signals.ts';
import { cellHash, hashCode } from './cellname.ts';

/** Show the line, or say why it cannot be shown. */
export async function showSource(
  app: JupyterFrontEnd,
  notebooks: INotebookTracker | null,
  source: Source,
  trans: Texts
): Promise<void> {
  const hash = cellHash(source.file);
  const found = notebooks && findCell(notebooks, source, hash);
  if (found) {
    await showCell(app, found.panel, found.index, source.line);
    return;
  }
  const path = hash === null ? underRoot(source.file) : null;
  if (path === null) {
    const where = source.cell ?? source.file;
    Notification.info(
      hash === null
        ? trans.__('%1, line %2, is outside the folder of this server.', where, source.line)
        : trans.__('The cell was changed or closed since it ran: %1', source.text || where)
    );
    return;
  }
  await app.commands.execute('docmanager:open', { path, factory: 'Editor' });
  await app.commands.execute('fileeditor:go-to-line', { line: source.line, column: 0 });
}

/** The cell that a line came from: by id, by its unchanged code, or by the line itself. */
function findCell(
  notebooks: INotebookTracker,
  source: Source,
  hash: number | null
): { panel: NotebookPanel; index: number } | null {
  let similar: { panel: NotebookPanel; index: number } | null = null;
  const current = notebooks.currentWidget;
  const panels: NotebookPanel[] = current ? [current] : [];
  notebooks.forEach(panel => {
    if (panel !== current) {
      panels.push(panel);
    }
  });
  for (const panel of panels) {
    for (const [index, cell] of panel.content.widgets.entries()) {
      const { id, sharedModel } = cell.model;
      const code = sharedModel.getSource();
      if (id === source.cell || (hash !== null && hashCode(code) === hash)) {
        return { panel, index };
      }
      const line = code.split('\n')[source.line - 1]?.trim();
      if (hash !== null && source.text && line === source.text) {
        similar ??= { panel, index };
      }
    }
  }
  return similar;
}

async function showCell(
  app: JupyterFrontEnd,
  panel: NotebookPanel,
  index: number,
  line: number
): Promise<void> {
  app.shell.activateById(panel.id);
  const notebook = panel.content;
  notebook.deselectAll();
  notebook.activeCellIndex = index;
  await notebook.scrollToItem(index, 'smart');
  const cell = notebook.widgets[index];
  await cell?.ready;
  const editor = cell?.editor;
  if (editor) {
    notebook.mode = 'edit';
    const last = editor.lineCount - 1;
    const at = { line: Math.min(Math.max(line - 1, 0), last), column: 0 };
    editor.setCursorPosition(at);
    editor.revealPosition(at);
    editor.focus();
  }
}

/** A file's path relative to the server's folder, null if it lies elsewhere. */
function underRoot(file: string): string | null {
  const root = PageConfig.getOption('serverRoot').replace(/\/$/, '');
  return root.startsWith('/') && file.startsWith(`${root}/`) ? file.slice(root.length + 1) : null;
}
