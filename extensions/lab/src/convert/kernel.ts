/** Conversions in a kernel: asked in its queue, watched and stopped through a subshell. */

import type { Kernel } from '@jupyterlab/services';
import type {
  Conversion,
  ConversionTargets,
  GraphDocument,
  MemoryDocument
} from '../api/documents.ts';
import { askKernel } from '../api/kernel.ts';
import type { AskTimes } from '../graph/tokens.ts';
import type { ReportForm } from './model.ts';

const MODULE = "__import__('tengen.viz.conversion', fromlist=['start'])";
const PAUSE = 400;

/** Python's text of a string or of a list of strings. */
function python(value: string | string[]): string {
  return JSON.stringify(value);
}

/** Ask a kernel that has loaded Tengen; null where it has not. */
export function ask<T>(kernel: Kernel.IKernelConnection, call: string): Promise<T | null> {
  return askKernel<T>(kernel, 'tengen', `${MODULE}.${call}`);
}

/** What can be converted. */
export function targetsOf(kernel: Kernel.IKernelConnection): Promise<ConversionTargets | null> {
  return ask<ConversionTargets>(kernel, 'convertible()');
}

/** A second way into a kernel that answers while a cell runs; null where there is none. */
export async function besideOf(
  kernel: Kernel.IKernelConnection
): Promise<Kernel.IKernelConnection | null> {
  if (!kernel.supportsSubshells) {
    return null;
  }
  try {
    const { content } = await kernel.requestCreateSubshell({}).done;
    const beside = kernel.clone();
    // Before it connects, so that even its first question passes by the running cell.
    beside.subshellId = content.subshell_id;
    await beside.info;
    return beside;
  } catch {
    return null;
  }
}

/** Leave a subshell and the connection to it. */
export function leave(beside: Kernel.IKernelConnection | null): void {
  try {
    beside?.dispose(); // which ends the subshell too
  } catch {
    // The kernel is gone, and the subshell with it.
    if (beside) {
      beside.subshellId = null;
      beside.dispose();
    }
  }
}

/** How a conversion is watched. */
export interface Watching {
  /** A second way into the kernel, if there is one. */
  beside: Kernel.IKernelConnection | null;
  /** Told what is known meanwhile, null while a cell still runs. */
  progress: (now: Conversion | null) => void;
  /** Whether it shall end. */
  stopping: () => boolean;
}

/** Convert `name` on the samples, null without Tengen; a wish to stop is passed on once the conversion has begun. */
export async function convertIn(
  kernel: Kernel.IKernelConnection,
  name: string,
  samples: string[],
  { beside, progress, stopping }: Watching
): Promise<Conversion | null> {
  const latest = beside ? await ask<Conversion>(beside, 'status()') : null;
  const before = latest?.number ?? 0;
  let over = false;
  const watch = async (): Promise<void> => {
    while (!over && beside && !beside.isDisposed) {
      await new Promise(resolve => setTimeout(resolve, PAUSE));
      const now = await ask<Conversion>(beside, 'status()').catch(() => null);
      const begun = now && now.number > before ? now : null;
      if (!over && begun && stopping()) {
        await ask(beside, `stop(${begun.number})`).catch(() => null);
      }
      if (!over) {
        progress(begun);
      }
    }
  };
  const watching = watch();
  try {
    return await ask<Conversion>(kernel, `start(${python(name)}, ${python(samples)})`);
  } finally {
    over = true;
    await watching;
  }
}

/** Bind the dynamic version again. */
export async function undoIn(kernel: Kernel.IKernelConnection, name: string): Promise<void> {
  await ask(kernel, `undo(${python(name)})`);
}

/** Write a conversion as a file beside the notebook; its meta data, null without Tengen. */
export function saveIn(
  kernel: Kernel.IKernelConnection,
  number: number,
  path: string
): Promise<object | null> {
  return ask<object>(kernel, `save(${number}, ${python(path)})`);
}

/** The report as the text of a file. */
export function reportIn(
  kernel: Kernel.IKernelConnection,
  number: number,
  form: ReportForm
): Promise<{ text: string } | null> {
  return ask<{ text: string }>(kernel, `report(${number}, ${python(form)})`);
}

/** Write a conversion as an ONNX file beside the notebook; what was written and checked. */
export function exportIn(
  kernel: Kernel.IKernelConnection,
  number: number,
  path: string
): Promise<{ text: string } | null> {
  return ask<{ text: string }>(kernel, `export(${number}, ${python(path)})`);
}

/** The graph of a conversion, and the one before where the passes do not lead back to it. */
export interface GraphShown {
  document: GraphDocument;
  before: GraphDocument | null;
}

/** The graph of a conversion. */
export function graphIn(
  kernel: Kernel.IKernelConnection,
  number: number
): Promise<GraphShown | null> {
  return ask<GraphShown>(kernel, `graph(${number})`);
}

/** The graph of something in the kernel that is not converted, and the number to ask more by. */
export function drawIn(
  kernel: Kernel.IKernelConnection,
  name: string,
  samples: readonly string[]
): Promise<(GraphShown & { number: number }) | null> {
  return ask(kernel, `draw(${python(name)}, ${python([...samples])})`);
}

/** Ask for one more measured run of a conversion's graph. */
export function timesIn(
  kernel: Kernel.IKernelConnection,
  number: number,
  asked: object
): ReturnType<AskTimes> {
  return ask(kernel, `times(${number}, ${JSON.stringify(asked)})`);
}

/** Memory documents, and what is not among them and why. */
export interface MemoryShown {
  documents: MemoryDocument[];
  notes?: string[];
}

/** The memory of a conversion, dynamic and static. */
export function memoryIn(
  kernel: Kernel.IKernelConnection,
  number: number
): Promise<MemoryShown | null> {
  return ask<MemoryShown>(kernel, `memory(${number})`);
}
