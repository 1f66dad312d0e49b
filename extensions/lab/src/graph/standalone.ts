/** What a page without JupyterLab loads: `mount`, with the worker's program inside. */

import workerProgram from 'program:layout.worker.ts';
import type { GraphDocument } from '../api/documents.ts';
import { svgOf } from './export.ts';
import type { Pair } from './compare.tsx';
import {
  type Mounted,
  type MountOptions,
  mount as mountIn,
  mountPair as mountPairIn
} from './mount.tsx';

/** Show a document in an element. */
export function mount(
  element: HTMLElement,
  document: GraphDocument | Promise<GraphDocument>,
  options: Omit<MountOptions, 'startWorker'>
): Mounted {
  return mountIn(element, document, { ...options, startWorker });
}

/** Show two documents side by side in an element. */
export function mountPair(
  element: HTMLElement,
  pair: Pair,
  options: Omit<MountOptions, 'startWorker'>
): { dispose(): void } {
  return mountPairIn(element, pair, { ...options, startWorker });
}

/** Start the layout worker from its own text: a notebook cell has no address to load it from. */
export function startWorker(): Worker {
  const url = URL.createObjectURL(new Blob([workerProgram], { type: 'text/javascript' }));
  const worker = new Worker(url);
  URL.revokeObjectURL(url);
  return worker;
}

export { svgOf };
