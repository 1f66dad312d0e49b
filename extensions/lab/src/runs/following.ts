/** Follows the runs of a notebook's cells to their end, by the server's record and the kernel. */

import type { KernelMessage } from '@jupyterlab/services';
import type { CellRun, Question } from '../api/types.ts';
import { shows } from './compare.ts';

/** Milliseconds for messages that are on their way when a connection or a run changes. */
const SETTLE = 400;
/** Longest wait, and most readings, for a record that is behind what was heard here. */
const LONGEST = 2_000;
const MOST_READINGS = 15;
/** How many messages are remembered until the record has come. */
const MOST_EARLY = 5_000;
/** How many ends are remembered that no record has been compared with. */
const MOST_OVER = 1_000;

/** What takes a run's further messages, after the record of those before. */
export interface Copy {
  /** Take a message, unless the record had it already; tells whether it is new. */
  feed(msg: KernelMessage.IIOPubMessage): boolean;
  /** Let the user answer what the kernel has asked. */
  ask(question: Question): void;
}

/** A cell of the notebook. */
export interface Place {
  /** The run whose messages it takes, undefined if there is none. */
  readonly run: string | undefined;
  /** Its outputs as a notebook has them. */
  readonly outputs: readonly object[];
  /** Whether the notebook says that it runs. */
  readonly running: boolean;
  /** Show a run instead of what is there; `leave` is called when something else is shown. */
  play(run: CellRun, leave: () => void): Copy;
  /** Note that what is shown comes from the kernel, and how far it is. */
  note(state: { count?: number | null; running?: boolean }): void;
  /** Take away a question that nobody can answer any more. */
  withdraw(): void;
}

/** The notebook and its server. */
export interface Notebook {
  place(cell: string): Place | undefined;
  /** The server's record; null if there is no kernel, or another one than before. */
  read(): Promise<CellRun[] | null>;
  /** Told of each run that is over and shown to its end. */
  finished(run: string): void;
}

/** Brings the cells of one notebook up to the record, and keeps them there. */
export class Following {
  private readonly copies = new Map<string, Copy>();
  private readonly cells = new Map<string, string>();
  private readonly over = new Set<string>();
  private early: KernelMessage.IIOPubMessage[] | null = null;
  private reading: Promise<void> | null = null;
  private again = false;
  private readonly notebook: Notebook;

  constructor(notebook: Notebook) {
    this.notebook = notebook;
  }

  /** Forget all runs: the kernel is another one. */
  reset(): void {
    this.copies.clear();
    this.cells.clear();
    this.over.clear();
  }

  /** Read the record, and show what is missing; done when all of it is shown that is there. */
  catchUp(): Promise<void> {
    this.again = this.reading !== null;
    this.reading ??= this.readAll();
    return this.reading;
  }

  /** Take a message of the kernel, of which `client` is this page's name. */
  heard(msg: KernelMessage.IIOPubMessage, client: string): void {
    const { msg_id: id = '', session } = msg.parent_header as { msg_id?: string; session?: string };
    if (this.early && this.early.length < MOST_EARLY) {
      this.early.push(msg);
    }
    if (isState(msg, 'idle') && isOfCell(msg)) {
      this.over.add(id);
      if (this.over.size > MOST_OVER) {
        this.over.delete([...this.over][0] ?? '');
      }
    }
    if (this.copies.has(id) || msg.header.msg_type === 'update_display_data') {
      this.feed(msg);
    } else if (msg.header.msg_type === 'execute_input' && session !== client) {
      void this.catchUp(); // another page has begun to run a cell
    } else if (this.copies.size && (isState(msg, 'starting') || isState(msg, 'restarting'))) {
      void this.catchUp(); // what ran has ended without saying so
    }
  }

  private async readAll(): Promise<void> {
    let wait = SETTLE;
    for (let readings = 1; ; readings++) {
      const behind = await this.readOnce(wait);
      if (this.again && !behind.length) {
        readings = 0;
        wait = SETTLE;
      } else if (behind.length && readings < MOST_READINGS) {
        wait = Math.min(wait * 2, LONGEST);
      } else {
        // Where their ends were heard, what was shown of them has to do.
        behind.forEach(run => this.end(run));
        this.reading = null;
        return;
      }
    }
  }

  /** Show what the record has; returns the runs whose ends were heard here and not there yet. */
  private async readOnce(wait: number): Promise<string[]> {
    this.again = false;
    const before = [...this.over];
    this.early = [];
    let behind = [...this.copies.keys()].filter(run => this.over.has(run));
    try {
      await new Promise(resolve => setTimeout(resolve, wait));
      const runs = await this.notebook.read();
      const early = this.early;
      behind = [];
      for (const run of runs ?? []) {
        if (!this.show(run, early)) {
          behind.push(run.id);
        }
      }
      before.filter(run => !behind.includes(run)).forEach(run => this.over.delete(run));
    } catch {
      // Without the record the notebook is as JupyterLab alone has it.
    } finally {
      this.early = null;
    }
    return behind;
  }

  /** Show a run where its cell shows something else; false if the record will have more. */
  private show(run: CellRun, early: readonly KernelMessage.IIOPubMessage[]): boolean {
    const place = this.notebook.place(run.cell);
    if (!place) {
      return true;
    }
    const copy = this.copies.get(run.id);
    const own = place.run === run.id && !copy;
    const whole = shows(place.outputs, run);
    if (own && (run.state !== 'done' || (whole && !place.running))) {
      return true;
    }
    if (run.state !== 'done' && this.over.has(run.id)) {
      return false;
    }
    if (copy && run.state !== 'done') {
      if (run.question) {
        copy.ask(run.question);
      }
      return true;
    }
    if (!whole || run.state !== 'done') {
      const shown = place.play(run, () => this.copies.delete(run.id));
      this.copies.set(run.id, shown);
      this.cells.set(run.id, run.cell);
      if (run.question) {
        shown.ask(run.question);
      }
    }
    place.note({ count: run.count, running: run.state !== 'done' });
    if (run.state === 'done') {
      place.withdraw();
      this.notebook.finished(run.id);
    } else {
      early.forEach(msg => this.feed(msg));
    }
    return true;
  }

  private feed(msg: KernelMessage.IIOPubMessage): void {
    if (msg.header.msg_type === 'update_display_data') {
      this.copies.forEach(copy => copy.feed(msg));
      return;
    }
    const id = (msg.parent_header as { msg_id?: string }).msg_id ?? '';
    if (!this.copies.get(id)?.feed(msg)) {
      return;
    }
    const place = this.shown(id);
    if (place && msg.header.msg_type === 'execute_input') {
      const { content } = msg as KernelMessage.IExecuteInputMsg;
      place.note({ count: content.execution_count });
    }
    if (place && isState(msg, 'idle')) {
      place.note({ running: false });
      place.withdraw();
      void this.catchUp(); // the record has the last word, in case a message was missed
    }
  }

  private end(run: string): void {
    const place = this.shown(run);
    if (place) {
      place.note({ running: false });
      place.withdraw();
    }
    this.over.delete(run);
    this.notebook.finished(run);
  }

  /** The cell that shows a run that another page has started. */
  private shown(run: string): Place | undefined {
    return this.copies.has(run) ? this.notebook.place(this.cells.get(run) ?? '') : undefined;
  }
}

function isState(msg: KernelMessage.IIOPubMessage, state: string): boolean {
  const { execution_state } = msg.content as { execution_state?: string };
  return msg.header.msg_type === 'status' && execution_state === state;
}

function isOfCell(msg: KernelMessage.IIOPubMessage): boolean {
  return (msg.parent_header as { msg_type?: string }).msg_type === 'execute_request';
}
