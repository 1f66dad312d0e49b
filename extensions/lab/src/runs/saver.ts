/** Saves a notebook when its cells are run and when they are done, so that no output waits. */

import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Standing } from '../saving/tokens.ts';

const SOON = 600;
/** The page that has started a run saves first; the others have its file then. */
const AFTER_OTHERS = 2_500;
/** How long a save is waited for that neither succeeds nor fails: one that asks the user. */
const LONGEST_SAVE = 60_000;

type Context = Pick<
  DocumentRegistry.IContext<DocumentRegistry.IModel>,
  'contentsModel' | 'isDisposed' | 'model' | 'save' | 'saveState'
>;

/** What the saver asks of others. */
export interface Means {
  /** Whether documents are saved without being asked. */
  autosaves(): boolean;
  /** Take in what others have saved, unless a cell runs; their outputs before those here. */
  takeTheirs(): Promise<Standing>;
  /** Show what the server's record of the runs has and the notebook has not. */
  catchUp(): Promise<void>;
  /** Tell the server which runs are in what was saved. */
  settle(runs: string[]): Promise<void>;
}

/** Saves one notebook, and tells the server which runs are in what was saved. */
export class Saver {
  private readonly context: Context;
  private readonly means: Means;
  private own = true;
  private over = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private since: number | null = null;

  constructor(context: Context, means: Means) {
    this.context = context;
    this.means = means;
    let inside: string[] = [];
    let changed = false;
    context.model.contentChanged.connect(() => (changed = true));
    context.saveState.connect((_, state) => {
      this.since = state === 'started' ? Date.now() : null;
      if (state === 'started') {
        inside = [...this.over];
        // What is saved is read in this very turn, after all who listen have had theirs.
        queueMicrotask(() => (changed = false));
      } else if (state === 'completed') {
        // JupyterLab takes all for saved that came while it saved.
        context.model.dirty ||= changed;
        void this.settle(inside);
      }
    });
  }

  /** Note that a run is over and shown to its end; `own` if this page has started it. */
  finished(runId: string, own: boolean): void {
    this.over.add(runId);
    this.own &&= own;
    this.soon(own ? SOON : AFTER_OTHERS);
  }

  /** Save in a moment, unless autosaving is off. */
  soon(wait = SOON): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      void this.save();
    }, wait);
  }

  private async save(): Promise<void> {
    const { context, means } = this;
    if (context.isDisposed || !means.autosaves()) {
      return;
    }
    if (this.since !== null && Date.now() - this.since < LONGEST_SAVE) {
      this.soon(); // two saves at once would take each other for a stranger's
      return;
    }
    const own = this.own;
    this.own = true;
    if (!own) {
      const standing = await means.takeTheirs();
      if (context.isDisposed || standing === 'own') {
        return;
      }
      if (standing === 'busy') {
        this.own = false;
        this.soon(AFTER_OTHERS); // the page that runs the cells saves meanwhile
        return;
      }
      if (standing === 'read') {
        // Whoever wrote it may have seen less than the record has. What that shows is told anew.
        this.over.clear();
        await means.catchUp();
        return;
      }
    }
    if (!context.model.dirty) {
      await this.settle([...this.over]); // what is shown was read from the disk
    } else if (context.contentsModel?.writable && !context.model.readOnly) {
      await context.save().catch(() => undefined); // JupyterLab has said why
    }
  }

  private async settle(runs: string[]): Promise<void> {
    runs.forEach(run => this.over.delete(run));
    if (runs.length) {
      await this.means.settle(runs).catch(() => undefined);
    }
  }
}
