/** Finds the notebook around a card, and what can be done there. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Advice, Source } from '../api/documents.ts';
import { askKernel } from '../api/kernel.ts';
import { CommandIDs as ConvertCommands } from '../convert/tokens.ts';
import { CommandIDs as MemoryCommands } from '../memory/tokens.ts';
import { cellHash, hashCode } from '../source/cellname.ts';
import { CommandIDs as SourceCommands } from '../source/tokens.ts';
import type { Texts } from '../ui/signals.ts';
import type { LinePlace } from './place.tsx';
import type { Surroundings } from './renderer.tsx';

/** The notebook that an element lies in, null outside of any. */
export function panelOf(tracker: INotebookTracker, node: HTMLElement): NotebookPanel | null {
  return tracker.find(panel => panel.node.contains(node)) ?? null;
}

/** What a card in this place can do. */
export function lookAround(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  node: HTMLElement,
  trans: Texts
): Surroundings {
  const panel = panelOf(tracker, node);
  const kernel = panel?.sessionContext.session?.kernel ?? null;
  const run = (command: string, args = {}): void => void app.commands.execute(command, args);
  return {
    ask: kernel
      ? number =>
          askKernel<Advice>(
            kernel,
            'tengen',
            `__import__('tengen.viz.remedies', fromlist=['advice']).advice(${number})`
          )
      : null,
    actions: {
      show: source => run(SourceCommands.show, { ...source }),
      placeOf: source => placeOf(panel, source, trans),
      insert: panel ? code => insertAbove(panel, node, code) : null,
      openMemory: () => run(MemoryCommands.openLive),
      makeStatic: () => run(ConvertCommands.open),
      runAbove: panel
        ? () => {
            panel.content.activeCellIndex = cellAt(panel, node);
            run('notebook:run-all-above');
          }
        : null
    }
  };
}

function cellAt(panel: NotebookPanel, node: HTMLElement): number {
  return Math.max(
    panel.content.widgets.findIndex(cell => cell.node.contains(node)),
    0
  );
}

/** Add a cell with this code above the one that an element lies in, and go there. */
export function insertAbove(panel: NotebookPanel, node: HTMLElement, code: string): void {
  const index = cellAt(panel, node);
  panel.content.model?.sharedModel.insertCell(index, { cell_type: 'code', source: code });
  panel.content.activeCellIndex = index;
  void panel.content.scrollToItem(index, 'smart');
}

/** "Cell 3, line 2" and its text for a line of this notebook, else the file's name and the line. */
function placeOf(panel: NotebookPanel | null, source: Source, trans: Texts): LinePlace {
  const hash = cellHash(source.file);
  const cells = panel?.content.widgets ?? [];
  const index = cells.findIndex(
    ({ model }) =>
      model.id === source.cell ||
      (hash !== null && hashCode(model.sharedModel.getSource()) === hash)
  );
  if (index >= 0) {
    const lines = cells[index]?.model.sharedModel.getSource().split('\n') ?? [];
    const text = source.text || (lines[source.line - 1]?.trim() ?? '');
    return { label: trans.__('cell %1, line %2', index + 1, source.line), text };
  }
  const label =
    hash !== null
      ? trans.__('a changed cell, line %1', source.line)
      : `${PathExt.basename(source.file)}:${source.line}`;
  return { label, text: source.text ?? '' };
}
