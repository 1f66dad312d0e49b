/** Conversions in a kernel: asked in its queue, watched and stopped through a subshell. */

import type { Kernel } from '@jupyterlab/services';
import type { Conversion, ConversionTargets } from '../api/documents.ts';
import { askKernel } from '../api/kernel.ts';

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
  const beside = kernel.clone();
  try {
    await beside.info;
    const reply = await beside.requestCreateSubshell({}).done;
    const { content } = reply;
    if (content.status !== 'ok') {
      throw new Error('no subshell');
    }
    beside.subshellId = content.subshell_id;
    return beside;
  } catch {
    beside.dispose();
    return null;
  }
}

/** Leave a subshell and the connection to it. */
export function leave(beside: Kernel.IKernelConnection): void {
  const id = beside.subshellId;
  beside.subshellId = null;
  if (id) {
    beside.requestDeleteSubshell({ subshell_id: id });
  }
  beside.dispose();
}

/** Convert `name` on the samples; `progress` is told what is known meanwhile. */
export async function convertIn(
  kernel: Kernel.IKernelConnection,
  beside: Kernel.IKernelConnection | null,
  name: string,
  samples: string[],
  progress: (now: Conversion | null) => void
): Promise<Conversion> {
  const latest = beside ? await ask<Conversion>(beside, 'status()') : null;
  const before = latest?.number ?? 0;
  let over = false;
  const watch = async (): Promise<void> => {
    while (!over && beside && !beside.isDisposed) {
      await new Promise(resolve => setTimeout(resolve, PAUSE));
      const now = await ask<Conversion>(beside, 'status()').catch(() => null);
      if (!over) {
        progress(now && now.number > before ? now : null);
      }
    }
  };
  const watching = watch();
  try {
    const made = await ask<Conversion>(kernel, `start(${python(name)}, ${python(samples)})`);
    if (!made) {
      throw new Error('Tengen is not loaded in this kernel.');
    }
    return made;
  } finally {
    over = true;
    await watching;
  }
}

/** Bind the dynamic version again. */
export async function undoIn(kernel: Kernel.IKernelConnection, name: string): Promise<void> {
  await ask(kernel, `undo(${python(name)})`);
}

/** Write a conversion as a file beside the notebook. */
export async function saveIn(
  kernel: Kernel.IKernelConnection,
  number: number,
  path: string
): Promise<void> {
  await ask(kernel, `save(${number}, ${python(path)})`);
}
