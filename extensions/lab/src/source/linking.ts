/** Links the cells of notebooks with the views: the line of the cursor, and the lines chosen there. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Source } from '../api/documents.ts';
import { cellHash, hashCode } from './cellname.ts';
import type { FocusBus, Place } from './focus.ts';

type Cell = NonNullable<INotebookTracker['activeCell']>;

/** A cursor that moves on sooner is not where somebody looks. */
const PAUSE = 80;
const CELL = 'tengen-mod-linked';
const LINE = 'tengen-linkedLine';
/** Above the first line of an editor, in pixels. */
const PADDING = 4;

/** Link every notebook until what is given back is called. */
export function linkNotebooks(notebooks: INotebookTracker, bus: FocusBus): () => void {
  const own = {};
  let timer = 0;
  let watched: Cell | null = null;
  const moved = (): void => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      // A click on a cell's output makes the cell active too, and its cursor says nothing then.
      if (notebooks.activeCell?.editor?.hasFocus()) {
        unmark(notebooks);
        bus.tell(own, placeOf(notebooks.activeCell));
      }
    }, PAUSE);
  };
  const follow = async (): Promise<void> => {
    watched?.editor?.model.selections.changed.disconnect(moved);
    const cell = (watched = notebooks.activeCell);
    await cell?.ready;
    if (cell && cell === watched && !cell.isDisposed) {
      cell.editor?.model.selections.changed.connect(moved);
      moved();
    }
  };
  const followed = (): void => void follow();
  notebooks.activeCellChanged.connect(followed);
  const stop = bus.listen(own, place => {
    clearTimeout(timer);
    mark(notebooks, place);
  });
  return () => {
    clearTimeout(timer);
    stop();
    unmark(notebooks);
    notebooks.activeCellChanged.disconnect(followed);
    watched?.editor?.model.selections.changed.disconnect(moved);
  };
}

/** The line of the cursor in a cell, as the kernel would name it; null in a cell of words. */
function placeOf(cell: Cell | null): Place | null {
  const { editor, model } = cell ?? {};
  if (!editor || model?.type !== 'code') {
    return null;
  }
  const code = model.sharedModel.getSource();
  const { line } = editor.getCursorPosition();
  const text = code.split('\n')[line]?.trim() ?? '';
  const file = `/ipykernel_0/${hashCode(code)}.py`;
  return text ? { source: { file, line: line + 1, text } } : null;
}

/** Mark the line that a view has chosen, in every notebook that shows the cell. */
function mark(notebooks: INotebookTracker, place: Place | null): void {
  unmark(notebooks);
  const source = place?.source;
  if (source) {
    notebooks.forEach(panel => {
      const cell = cellOf(panel, source);
      if (cell) {
        cell.addClass(CELL);
        markLine(cell, source.line - 1);
      }
    });
  }
}

function markLine(cell: Cell, line: number): void {
  const { editor } = cell;
  if (editor) {
    const bar = document.createElement('div');
    const spot = editor.getCoordinateForPosition({ line, column: 0 });
    bar.className = LINE;
    if (spot) {
      bar.style.top = `${spot.top - editor.host.getBoundingClientRect().top}px`;
      bar.style.height = `${spot.bottom - spot.top}px`;
    } else {
      // Lines out of sight are not laid out.
      bar.style.top = `${PADDING + line * editor.lineHeight}px`;
      bar.style.height = `${editor.lineHeight}px`;
    }
    editor.host.append(bar);
    // What is written over is no longer the line that was meant.
    const edited = (): void => {
      bar.remove();
      editor.model.sharedModel.changed.disconnect(edited);
    };
    editor.model.sharedModel.changed.connect(edited);
  }
}

function cellOf(panel: NotebookPanel, source: Source): Cell | undefined {
  const hash = cellHash(source.file);
  return hash === null
    ? undefined
    : panel.content.widgets.find(cell => hashCode(cell.model.sharedModel.getSource()) === hash);
}

function unmark(notebooks: INotebookTracker): void {
  notebooks.forEach(({ node }) => {
    node.querySelectorAll(`.${CELL}`).forEach(cell => cell.classList.remove(CELL));
    node.querySelectorAll(`.${LINE}`).forEach(bar => bar.remove());
  });
}
