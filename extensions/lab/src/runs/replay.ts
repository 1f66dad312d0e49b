/** Stands in an output area for a run that another page has started. */

import { type Kernel, KernelMessage } from '@jupyterlab/services';
import type { CellRun, Question } from '../api/types.ts';

type Request = KernelMessage.IExecuteRequestMsg;
type Reply = KernelMessage.IExecuteReplyMsg;

/** A future whose messages come from the server's record first, then from the kernel. */
export class Replay implements Kernel.IShellFuture<Request, Reply> {
  readonly msg: Request;
  readonly done: Promise<Reply>;
  onReply: (msg: Reply) => void | PromiseLike<void> = () => undefined;
  onIOPub: (msg: KernelMessage.IIOPubMessage) => void | PromiseLike<void> = () => undefined;
  onStdin: (msg: KernelMessage.IStdinMessage) => void | PromiseLike<void> = () => undefined;
  private readonly kernel: Kernel.IKernelConnection;
  private readonly seen: Set<string>;
  private asked: unknown = null;
  private leave: (() => void) | null;
  private readonly fail: (error: Error) => void;

  /** `leave` is called when the output area shows something else. */
  constructor(kernel: Kernel.IKernelConnection, run: CellRun, leave: () => void) {
    this.kernel = kernel;
    this.leave = leave;
    this.seen = new Set(run.recent);
    this.msg = KernelMessage.createMessage<Request>({
      msgType: 'execute_request',
      channel: 'shell',
      msgId: run.id,
      session: kernel.clientId,
      content: { code: '' }
    });
    let fail: (error: Error) => void = () => undefined;
    this.done = new Promise<Reply>((_, reject) => (fail = reject));
    // Nobody waits for a reply that only the page got that asked.
    this.done.catch(() => undefined);
    this.fail = fail;
  }

  /** Show what the run has put out so far. */
  begin(run: CellRun): void {
    for (const { kind, content } of run.outputs) {
      const shown = KernelMessage.createMessage<KernelMessage.IDisplayDataMsg>({
        msgType: kind as 'display_data',
        channel: 'iopub',
        session: this.kernel.clientId,
        content: content as unknown as KernelMessage.IDisplayDataMsg['content']
      });
      void this.onIOPub(shown);
    }
  }

  /** Follow a message of the kernel, unless the record had it already; tells whether it is new. */
  feed(msg: KernelMessage.IIOPubMessage): boolean {
    if (this.isDisposed || this.seen.has(msg.header.msg_id)) {
      return false;
    }
    void this.onIOPub(msg);
    return true;
  }

  /** Let the user answer what the kernel has asked. */
  ask(question: Question): void {
    if (question.header['msg_id'] === this.asked) {
      return;
    }
    this.asked = question.header['msg_id'];
    const msg = KernelMessage.createMessage<KernelMessage.IInputRequestMsg>({
      msgType: 'input_request',
      channel: 'stdin',
      session: this.kernel.clientId,
      content: { prompt: question.prompt, password: question.password }
    });
    // The kernel knows its question by this when it is answered.
    msg.header = question.header as unknown as typeof msg.header;
    void this.onStdin(msg);
  }

  get isDisposed(): boolean {
    return this.leave === null;
  }

  dispose(): void {
    const leave = this.leave;
    this.leave = null;
    if (leave) {
      this.fail(new Error('Canceled future for execute_request message before replies were done'));
      leave();
    }
  }

  registerMessageHook(): void {
    // Widgets that capture output ask the kernel's connection, not this.
  }

  removeMessageHook(): void {
    // See above.
  }

  sendInputReply(
    content: KernelMessage.IInputReplyMsg['content'],
    parent: KernelMessage.IInputReplyMsg['parent_header']
  ): void {
    this.kernel.sendInputReply(content, parent);
  }
}
