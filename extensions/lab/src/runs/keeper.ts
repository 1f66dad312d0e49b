/** Brings into an open notebook what its cells have put out while no page, or another, looked on. */

import { CodeCell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { listRuns } from '../api/runs.ts';
import type { Server } from '../api/request.ts';
import type { CellRun } from '../api/types.ts';
import { type Copy, Following, type Notebook, type Place } from './following.ts';
import { Replay } from './replay.ts';

/** JupyterLab's classes of a question in an output area, and of one with its answer. */
const QUESTION = 'jp-OutputArea-stdin-item';
const ANSWERED = 'jp-OutputArea-stdin-hiding';

/** Wires one notebook, for as long as it is open, to what follows its runs. */
export class Keeper implements Notebook {
  private readonly following = new Following(this);
  private kernel: Kernel.IKernelConnection | null = null;
  private readonly panel: NotebookPanel;
  private readonly server: Server;
  private readonly told: (runId: string) => void;

  /** `told` hears of each run that is over and shown to its end. */
  constructor(panel: NotebookPanel, server: Server, told: (runId: string) => void) {
    this.panel = panel;
    this.server = server;
    this.told = told;
    const { sessionContext } = panel;
    sessionContext.iopubMessage.connect((_, msg) => {
      this.following.heard(msg as KernelMessage.IIOPubMessage, this.kernel?.clientId ?? '');
    });
    sessionContext.connectionStatusChanged.connect((_, status) => {
      if (status === 'connected') {
        void this.catchUp();
      }
    });
    sessionContext.kernelChanged.connect(() => void this.catchUp());
    void Promise.all([panel.context.ready, sessionContext.ready]).then(() => this.catchUp());
    void panel.context.ready.then(() => {
      panel.content.model?.cells.changed.connect((_, { type }) => {
        if (type === 'add' && sessionContext.session?.kernel?.status === 'busy') {
          void this.catchUp(); // a cell that was moved is made anew, and may be the one that runs
        }
      });
    });
  }

  /** Show what the server's record has and the notebook has not. */
  async catchUp(): Promise<void> {
    const kernel = this.connected();
    if (!kernel) {
      return;
    }
    if (kernel.id !== this.kernel?.id) {
      this.following.reset();
    }
    if (kernel !== this.kernel) {
      this.kernel = kernel;
      kernel.anyMessage.connect((_, { msg }) => {
        if (msg.channel === 'stdin' && msg.header.msg_type === 'input_request') {
          void this.catchUp(); // the page that has run the cell may be gone
        }
      });
    }
    await this.following.catchUp();
  }

  async read(): Promise<CellRun[] | null> {
    const kernel = this.kernel;
    if (!kernel || this.connected() !== kernel) {
      return null;
    }
    const { items } = await listRuns(this.server, kernel.id);
    return this.connected() === kernel ? items : null;
  }

  place(cell: string): Place | undefined {
    const found = this.panel.content.widgets.find(
      (widget): widget is CodeCell => widget instanceof CodeCell && widget.model.id === cell
    );
    return found && this.kernel ? new Below(found, this.kernel) : undefined;
  }

  finished(run: string): void {
    this.told(run);
  }

  private connected(): Kernel.IKernelConnection | null {
    const { context, isDisposed, sessionContext } = this.panel;
    const kernel = sessionContext.session?.kernel;
    const isThere = kernel?.connectionStatus === 'connected' && !isDisposed && context.isReady;
    return isThere ? kernel : null;
  }
}

/** A code cell and what is below it. */
class Below implements Place {
  private readonly cell: CodeCell;
  private readonly kernel: Kernel.IKernelConnection;

  constructor(cell: CodeCell, kernel: Kernel.IKernelConnection) {
    this.cell = cell;
    this.kernel = kernel;
  }

  get run(): string | undefined {
    return this.cell.outputArea.future?.msg.header.msg_id;
  }

  get outputs(): readonly object[] {
    return this.cell.outputArea.model.toJSON();
  }

  get running(): boolean {
    return this.cell.model.executionState === 'running';
  }

  play(run: CellRun, leave: () => void): Copy {
    const replay = new Replay(this.kernel, run, leave);
    this.note({});
    this.cell.outputArea.future = replay;
    replay.begin(run);
    this.cell.outputHidden = false;
    return replay;
  }

  note({ count, running }: { count?: number | null; running?: boolean }): void {
    const { model } = this.cell;
    model.trusted = true;
    if (count !== undefined) {
      model.executionCount = count;
    }
    if (running !== undefined) {
      model.executionState = running ? 'running' : 'idle';
    }
  }

  withdraw(): void {
    for (const widget of [...this.cell.outputArea.widgets]) {
      // One that was just answered leaves by itself.
      if (widget.hasClass(QUESTION) && !widget.hasClass(ANSWERED)) {
        widget.dispose();
      }
    }
  }
}
