/** Brings into an open notebook what its cells have put out while no page, or another, looked on. */

import { CodeCell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { listRuns } from '../api/runs.ts';
import type { Server } from '../api/request.ts';
import type { CellRun } from '../api/types.ts';
import { shows } from './compare.ts';
import { Replay } from './replay.ts';

/** Milliseconds for messages that are on their way when a connection or a run changes. */
const SETTLE = 400;
/** How many messages are remembered until the record has come. */
const MOST_EARLY = 5_000;
/** JupyterLab's classes of a question in an output area, and of one with its answer. */
const QUESTION = 'jp-OutputArea-stdin-item';
const ANSWERED = 'jp-OutputArea-stdin-hiding';

/** Follows one notebook for as long as it is open. */
export class Keeper {
  private readonly replays = new Map<string, Replay>();
  private early: KernelMessage.IIOPubMessage[] | null = null;
  private again = false;
  private kernel: Kernel.IKernelConnection | null = null;
  private readonly panel: NotebookPanel;
  private readonly server: Server;
  private readonly finished: (runId: string) => void;

  /** `finished` is told of each run that is over and shown to its end. */
  constructor(panel: NotebookPanel, server: Server, finished: (runId: string) => void) {
    this.panel = panel;
    this.server = server;
    this.finished = finished;
    const { sessionContext } = panel;
    sessionContext.iopubMessage.connect((_, msg) => this.heard(msg as KernelMessage.IIOPubMessage));
    sessionContext.connectionStatusChanged.connect((_, status) => {
      if (status === 'connected') {
        void this.catchUp();
      }
    });
    sessionContext.kernelChanged.connect(() => void this.catchUp());
    void Promise.all([panel.context.ready, sessionContext.ready]).then(() => this.catchUp());
  }

  /** Read the server's record, and show what is missing here. */
  private async catchUp(): Promise<void> {
    const { context, sessionContext } = this.panel;
    const kernel = sessionContext.session?.kernel ?? null;
    if (this.panel.isDisposed || !context.isReady || kernel?.connectionStatus !== 'connected') {
      return;
    }
    if (kernel.id !== this.kernel?.id) {
      this.replays.clear();
    }
    if (kernel !== this.kernel) {
      this.kernel = kernel;
      kernel.anyMessage.connect((_, { msg }) => {
        if (msg.channel === 'stdin' && msg.header.msg_type === 'input_request') {
          void this.catchUp(); // the page that has run the cell may be gone
        }
      });
    }
    if (this.early) {
      this.again = true; // it is being read
      return;
    }
    this.early = [];
    try {
      await new Promise(resolve => setTimeout(resolve, SETTLE));
      const { items } = await listRuns(this.server, kernel.id);
      if (!this.panel.isDisposed && this.kernel === kernel) {
        const early = this.early;
        items.forEach(run => this.show(kernel, run, early));
      }
    } catch {
      // Without the record the notebook is as JupyterLab alone has it.
    } finally {
      this.early = null;
    }
    if (this.again) {
      this.again = false;
      void this.catchUp();
    }
  }

  /** Show a run where its cell shows something else, and follow it to its end. */
  private show(
    kernel: Kernel.IKernelConnection,
    run: CellRun,
    early: readonly KernelMessage.IIOPubMessage[]
  ): void {
    const cell = this.panel.content.widgets.find(
      (found): found is CodeCell => found instanceof CodeCell && found.model.id === run.cell
    );
    if (!cell) {
      return;
    }
    const area = cell.outputArea;
    const known = this.replays.get(run.id);
    if (known && run.state !== 'done') {
      if (run.question) {
        known.ask(run.question);
      }
      return;
    }
    const own = area.future?.msg.header.msg_id === run.id && !this.replays.has(run.id);
    const whole = shows(area.model.toJSON(), run);
    if (own && (run.state !== 'done' || (whole && cell.model.executionState === 'idle'))) {
      return;
    }
    cell.model.trusted = true;
    if (!whole || run.state !== 'done') {
      const replay = new Replay(kernel, run, () => this.replays.delete(run.id));
      area.future = replay;
      this.replays.set(run.id, replay);
      replay.begin(run);
      if (run.question) {
        replay.ask(run.question);
      }
      cell.outputHidden = false;
    }
    cell.model.executionCount = run.count;
    cell.model.executionState = run.state === 'done' ? 'idle' : 'running';
    if (run.state === 'done') {
      withdraw(area);
      this.finished(run.id);
    } else {
      early.forEach(msg => this.feed(msg));
    }
  }

  private heard(msg: KernelMessage.IIOPubMessage): void {
    if (this.early && this.early.length < MOST_EARLY) {
      this.early.push(msg);
    }
    this.feed(msg);
  }

  private feed(msg: KernelMessage.IIOPubMessage): void {
    const id = (msg.parent_header as { msg_id?: string }).msg_id ?? '';
    if (msg.header.msg_type === 'update_display_data') {
      this.replays.forEach(replay => replay.feed(msg));
      return;
    }
    const replay = this.replays.get(id);
    if (!replay) {
      const { session } = msg.parent_header as { session?: string };
      if (msg.header.msg_type === 'execute_input' && session !== this.kernel?.clientId) {
        void this.catchUp(); // another page has begun to run a cell
      }
      return;
    }
    if (!replay.feed(msg)) {
      return;
    }
    const cell = this.panel.content.widgets.find(
      (found): found is CodeCell => found instanceof CodeCell && found.outputArea.future === replay
    );
    if (cell && msg.header.msg_type === 'execute_input') {
      cell.model.executionCount = (msg as KernelMessage.IExecuteInputMsg).content.execution_count;
    }
    if (
      cell &&
      msg.header.msg_type === 'status' &&
      (msg as KernelMessage.IStatusMsg).content.execution_state === 'idle'
    ) {
      // The record has the last word: read once more, in case a message was missed on the way.
      cell.model.executionState = 'idle';
      withdraw(cell.outputArea);
      void this.catchUp();
    }
  }
}

/** Take away a question that nobody can answer any more: its run was interrupted. */
function withdraw(area: CodeCell['outputArea']): void {
  for (const widget of [...area.widgets]) {
    // One that was just answered leaves by itself.
    if (widget.hasClass(QUESTION) && !widget.hasClass(ANSWERED)) {
      widget.dispose();
    }
  }
}
