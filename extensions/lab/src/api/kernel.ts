/** Asking a kernel for a document, without a trace in the notebook or the history. */

import type { Kernel } from '@jupyterlab/services';

const MIME = 'application/vnd.tengen+json';
const MOST_TURNS = 20;

/** The kernel's own error. */
export class KernelError extends Error {
  readonly traceback: readonly string[];

  constructor(name: string, value: string, traceback: readonly string[]) {
    super(`${name}: ${value}`);
    this.name = 'KernelError';
    this.traceback = traceback;
  }
}

interface Answer {
  status: 'ok' | 'error';
  data?: Record<string, unknown>;
  ename?: string;
  evalue?: string;
  traceback?: string[];
}

/**
 * The document that a Python expression gives, null where it gives no document.
 *
 * `imports` names the module that must be there already: the kernel is never made to load it.
 */
export async function askKernel<T>(
  kernel: Kernel.IKernelConnection,
  imports: string,
  expression: string
): Promise<T | null> {
  const code = `${JSON.stringify(imports)} in __import__('sys').modules and ${expression}`;
  const ask = () =>
    kernel.requestExecute({
      code: '',
      silent: true,
      store_history: false,
      allow_stdin: false,
      stop_on_error: false,
      user_expressions: { answer: code }
    }).done;
  let reply = await ask();
  for (let turn = 0; turn < MOST_TURNS && reply.content.status === 'aborted'; turn++) {
    // A cell ahead of the question failed, which empties the queue: ask again.
    reply = await ask();
  }
  if (reply.content.status !== 'ok') {
    throw new KernelError('KernelError', 'the kernel gave no answer', []);
  }
  const answer = reply.content.user_expressions?.['answer'] as unknown as Answer | undefined;
  if (answer?.status === 'error') {
    const { ename = 'Error', evalue = '', traceback = [] } = answer;
    throw new KernelError(ename, evalue, traceback);
  }
  return (answer?.data?.[MIME] as T | undefined) ?? null;
}
