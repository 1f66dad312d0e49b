/** Whether a cell shows what the server's record of its run has. */

import { JSONExt, type ReadonlyPartialJSONValue } from '@lumino/coreutils';
import type { CellRun } from '../api/types.ts';

interface Shown {
  output_type: string;
  text?: unknown;
  [name: string]: unknown;
}

/**
 * True if the outputs, as a notebook has them, are those of the run.
 *
 * More at the end is the page's own: the help that "?" gives, or why a kernel has died.
 */
export function shows(outputs: readonly object[], run: CellRun): boolean {
  return (
    outputs.length >= run.outputs.length &&
    run.outputs.every(({ kind, content }, place) => {
      const shown = outputs[place] as Shown;
      if (shown.output_type !== kind) {
        return false;
      }
      if (kind === 'stream') {
        return textOf(shown.text) === settled(String(content['text']));
      }
      return Object.entries(content).every(
        ([name, value]) =>
          name === 'transient' ||
          JSONExt.deepEqual(
            (shown[name] ?? null) as ReadonlyPartialJSONValue,
            (value ?? null) as ReadonlyPartialJSONValue
          )
      );
    })
  );
}

/** A stream's text without the return that only says where it goes on. */
function settled(text: string): string {
  const back = text.lastIndexOf('\r');
  return back < 0 ? text : text.slice(0, back);
}

function textOf(text: unknown): string {
  return Array.isArray(text) ? text.join('') : String(text ?? '');
}
