/** Two graphs side by side, linked: what is opened or chosen in one is in the other. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { GraphDocument } from '../api/documents.ts';
import { compareGraphs, type GraphDiff } from './diff.ts';
import type { WorkerLike } from './layouter.ts';
import type { Mark } from './marks.ts';
import { GraphModel } from './model.ts';
import type { Item } from './tree.ts';

/** One line of the list of differences. */
export interface Difference {
  readonly mark: Mark;
  /** The nodes on either side; -1 where there is none. */
  readonly before: number;
  readonly after: number;
}

/** Holds the earlier graph, the later one, and what differs. */
export class CompareModel {
  readonly before: GraphModel;
  readonly after: GraphModel;
  private readonly _changed = new Signal<this, void>(this);
  private _diff: GraphDiff | null = null;
  private _differences: readonly Difference[] = [];
  private _leading = false;

  constructor(startWorker: () => WorkerLike) {
    this.before = new GraphModel(startWorker);
    this.after = new GraphModel(startWorker);
    this._link(this.before, this.after);
    this._link(this.after, this.before);
  }

  /** Emitted when the differences are known. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get diff(): GraphDiff | null {
    return this._diff;
  }

  /** Everything that differs, in the order of the later graph, then what is gone. */
  get differences(): readonly Difference[] {
    return this._differences;
  }

  /** Show two graphs, opened where they differ as far as that stays readable. */
  async show(before: GraphDocument, after: GraphDocument): Promise<void> {
    this._leading = true;
    try {
      await Promise.all([this.before.show(before), this.after.show(after)]);
      const [a, b] = [this.before.graph, this.after.graph];
      if (a && b) {
        const diff = (this._diff = compareGraphs(a.edges, b.edges));
        const { added, changed, removed } = diff;
        this._differences = [
          ...changed.map(pair => ({ mark: 'changed' as const, ...pair })),
          ...added.map(node => ({ mark: 'added' as const, before: -1, after: node })),
          ...removed.map(node => ({ mark: 'removed' as const, before: node, after: -1 }))
        ];
        this.before.setMarks(marksOf(this._differences, 'before', before));
        this.after.setMarks(marksOf(this._differences, 'after', after));
      }
    } finally {
      this._leading = false;
    }
    this._changed.emit();
  }

  /** Choose a difference on both sides. */
  async choose({ after, before }: Difference): Promise<void> {
    this._leading = true;
    try {
      await Promise.all([
        before >= 0 ? this.before.reveal(before) : this.before.select(null),
        after >= 0 ? this.after.reveal(after) : this.after.select(null)
      ]);
    } finally {
      this._leading = false;
    }
  }

  /** The item of the other graph that stands for one of this graph. */
  counterpart(of: GraphModel, item: Item): Item | undefined {
    const other = of === this.before ? this.after : this.before;
    if (item < 0) {
      const key = of.graph?.tree.group(item)?.key;
      return key === undefined ? undefined : other.graph?.tree.find(key);
    }
    const partners = of === this.before ? this._diff?.toAfter : this._diff?.toBefore;
    const found = partners?.[item];
    return found === undefined || found < 0 ? undefined : found;
  }

  dispose(): void {
    Signal.clearData(this);
    this.before.dispose();
    this.after.dispose();
  }

  private _link(from: GraphModel, to: GraphModel): void {
    let open = new Set<string>();
    let selected: Item | null = null;
    from.changed.connect(() => {
      const [wasOpen, was] = [open, selected];
      open = new Set(from.openKeys);
      selected = from.selected;
      if (this._leading) {
        return;
      }
      const opened = [...open].filter(key => !wasOpen.has(key));
      const closed = [...wasOpen].filter(key => !open.has(key));
      void this._follow(from, to, opened, closed, selected !== was);
    });
  }

  private async _follow(
    from: GraphModel,
    to: GraphModel,
    opened: readonly string[],
    closed: readonly string[],
    chosen: boolean
  ): Promise<void> {
    this._leading = true;
    try {
      if (opened.length || closed.length) {
        const keys = new Set([...to.openKeys, ...opened]);
        closed.forEach(key => keys.delete(key));
        const anchor = to.graph?.tree.find(opened[0] ?? closed[0] ?? '');
        await to.setOpen(keys, anchor ?? null);
      }
      if (chosen) {
        const item = from.selected === null ? undefined : this.counterpart(from, from.selected);
        if (item === undefined) {
          to.select(null);
        } else {
          await to.reveal(item);
        }
      }
    } finally {
      this._leading = false;
    }
  }
}

function marksOf(
  differences: readonly Difference[],
  side: 'before' | 'after',
  document: GraphDocument
): Map<string, Mark> {
  const marks = new Map<string, Mark>();
  for (const difference of differences) {
    const id = document.nodes[difference[side]]?.id;
    if (id !== undefined) {
      marks.set(id, difference.mark);
    }
  }
  return marks;
}
