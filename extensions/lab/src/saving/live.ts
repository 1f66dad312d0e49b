/** Keeps one open notebook and its file the same: what is typed is saved, what others save shown. */

import type { CodeCellModel } from '@jupyterlab/cells';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { INotebookContent } from '@jupyterlab/nbformat';
import type { INotebookModel } from '@jupyterlab/notebook';
import type { CellChange } from '@jupyter/ydoc';
import { apply } from './apply.ts';
import type { Bases } from './bases.ts';
import { SaveCancelled } from './cancelled.ts';
import { baseAfter, join } from './join.ts';
import { Pace } from './pace.ts';
import type { Standing } from './tokens.ts';
import { textOf } from './typed.ts';

/** How often a save is tried again when others were faster each time. */
const MOST_TRIES = 3;
/** Milliseconds until a server that did not answer is asked again, and that it is waited for. */
const AGAIN = 10_000;
const PATIENCE = 15_000;

type Context = DocumentRegistry.IContext<INotebookModel>;

/** What a live notebook asks of others. */
export interface Means {
  /** Whether what is typed is saved without being asked. */
  isOn(): boolean;
  /** Ask the user what shall become of a save that was refused. */
  ask(path: string, id: string): void;
  /** Forget a refused save whose content is in the notebook. */
  forget(id: string): Promise<void>;
}

/** Follows the file of one open notebook, and has it follow the notebook. */
export class Live {
  private readonly context: Context;
  private readonly bases: Bases;
  private readonly means: Means;
  private readonly pace = new Pace(() => void this.saveTyped());
  private readonly write: () => Promise<void>;
  private readonly revert: () => Promise<void>;
  private turn: Promise<unknown> = Promise.resolve();
  private saved = '';
  private sent = '';
  private clashes = false;

  /**
   * JupyterLab's own saving and reading of this document are wrapped, so that nothing is read
   * between the reading of what is to be saved and its saving.
   */
  constructor(context: Context, bases: Bases, means: Means) {
    this.context = context;
    this.bases = bases;
    this.means = means;
    this.write = context.save.bind(context);
    this.revert = context.revert.bind(context);
    context.save = () =>
      this.inTurn(async () => this.save(await this.take(false).catch(() => 'same')));
    context.revert = () => this.inTurn(() => this.readAnew());
    context.saveState.connect((_, state) => {
      if (state === 'started') {
        this.sent = textOf(context.model.sharedModel);
      }
    });
    void context.ready.then(() => this.begin());
    context.disposed.connect(() => {
      this.pace.dispose();
      bases.closed(context.path);
    });
  }

  /** The notebook's file. */
  get path(): string {
    return this.context.path;
  }

  /** Whether a cell runs. */
  get isBusy(): boolean {
    return [...this.context.model.cells].some(cell => isRunning(cell as CodeCellModel));
  }

  /**
   * Take in what others have saved. With `preferTheirs`, outputs that both have changed are
   * taken as well.
   */
  look(preferTheirs: boolean): Promise<Standing> {
    return this.inTurn(async () => (this.isThere ? this.take(preferTheirs) : 'busy'));
  }

  private get isThere(): boolean {
    return this.context.isReady && !this.context.isDisposed;
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.turn.then(task);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private begin(): void {
    const shared = this.context.model.sharedModel;
    const changed = (_: unknown, change: CellChange) => {
      if (change.sourceChange || change.metadataChange || change.attachmentsChange) {
        this.pace.changed();
      }
    };
    const listen = () => shared.cells.forEach(cell => cell.changed.connect(changed));
    shared.changed.connect((_, change) => {
      if (change.cellsChange) {
        listen(); // a cell that has a listener keeps the one
      }
      if (change.cellsChange || change.metadataChange) {
        this.pace.changed();
      }
    });
    listen();
    this.saved = textOf(shared);
  }

  /** Save what the user has changed, by the way of every save. */
  private async saveTyped(): Promise<void> {
    const { context, means } = this;
    const { contentsModel, model } = context;
    if (!this.isThere || !means.isOn() || !contentsModel?.writable || model.readOnly) {
      return;
    }
    if (textOf(model.sharedModel) === this.saved || !this.bases.of(context.path)) {
      return; // what has changed are outputs, or the file is none of this server's
    }
    await this.inTurn(async () => {
      if (!this.isThere || this.pace.isStopped) {
        return;
      }
      let standing: Standing;
      try {
        standing = await this.take(false);
      } catch {
        this.pace.later(AGAIN); // the server does not answer: JupyterLab's own saving says so
        return;
      }
      if (this.isThere && textOf(model.sharedModel) !== this.saved) {
        await this.save(standing).catch(() => undefined); // it has been said why
      }
    });
  }

  private async save(standing: Standing): Promise<void> {
    for (let tries = 1; ; tries++) {
      const begun = Date.now();
      try {
        await this.write();
        this.saved = this.sent;
        this.clashes = false;
        this.pace.saved(Date.now() - begun);
        return;
      } catch (error) {
        if (!(error instanceof SaveCancelled)) {
          this.pace.stop();
          throw error;
        }
        if (standing === 'own' || standing === 'busy' || tries === MOST_TRIES) {
          this.clashes = true;
          this.pace.stop();
          this.means.ask(this.context.path, error.refused);
          throw error;
        }
        // Somebody was faster. What was refused is in the notebook, and goes in with theirs.
        await this.means.forget(error.refused).catch(() => undefined);
        standing = await this.take(false).catch(() => 'same');
      }
    }
  }

  private async readAnew(): Promise<void> {
    await this.revert();
    this.agree();
  }

  /** Note that notebook and file say the same now. */
  private agree(): void {
    this.saved = textOf(this.context.model.sharedModel);
    this.clashes = false;
    this.pace.resume();
  }

  private async take(preferTheirs: boolean): Promise<Standing> {
    const { context, bases } = this;
    const file = await inTime(bases.newer(context.path));
    if (!file?.content || !this.isThere) {
      return 'same';
    }
    const base = bases.of(context.path)?.content;
    const { model } = context;
    const mine = model.sharedModel.toJSON() as INotebookContent;
    const running = new Set(
      [...model.cells].filter(cell => isRunning(cell as CodeCellModel)).map(cell => cell.id)
    );
    const choice = { isRunning: (id: string) => running.has(id), preferTheirs };
    const joined = base && join(base, mine, file.content, choice);
    if (!joined) {
      return this.readWhole(running.size > 0);
    }
    const wasDirty = model.dirty;
    apply(model.sharedModel, joined.content, (id, outputs, count, trusted) => {
      const cell = [...model.cells].find(one => one.id === id) as CodeCellModel;
      cell.trusted = trusted;
      if (!trusted) {
        cell.sharedModel.deleteMetadata('trusted');
      }
      cell.outputs.fromJSON(outputs);
      cell.executionCount = count;
    });
    const { conflicts } = joined;
    if (conflicts.length) {
      const hash = bases.of(context.path)?.hash ?? '';
      bases.know(context.path, { hash, content: baseAfter(base, file.content, conflicts) });
      model.dirty = true;
      return 'own';
    }
    bases.know(context.path, file);
    model.dirty = joined.own || (joined.kernel && wasDirty);
    if (!joined.typed) {
      this.agree();
    } else {
      if (this.clashes) {
        this.clashes = false;
        this.pace.resume();
      }
      this.saved = '';
      this.pace.changed();
    }
    return 'read';
  }

  /** Read the file as a whole, where its cells have no names, if nothing is lost by it. */
  private async readWhole(runs: boolean): Promise<Standing> {
    if (runs) {
      return 'busy';
    }
    if (this.context.model.dirty) {
      return 'own';
    }
    await this.readAnew();
    return 'read';
  }
}

function isRunning(cell: CodeCellModel): boolean {
  return cell.executionState === 'running';
}

/** A look that a lost network never answers must not keep what comes after it from its turn. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The server does not answer.')), PATIENCE);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
