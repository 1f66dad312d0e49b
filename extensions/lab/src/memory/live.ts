/** What a running kernel's tensors hold now: by module, by line, by tensor. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { LiveHolder, LiveMemory, Origin } from '../api/documents.ts';
import { meantBy, type Place } from '../source/focus.ts';
import { moduleAt } from './explain.ts';
import type { BlockKind } from './palette.ts';
import { place } from './rows.ts';

/** What holders are counted together by. */
export type Grouping = 'module' | 'cell' | 'line' | 'tensor';

/** Holders counted together. */
export interface LiveGroup {
  name: string;
  bytes: number;
  blocks: number;
  /** Bytes by kind. */
  kinds: Map<BlockKind, number>;
  origin: Origin;
  /** Whether another view has chosen something of it. */
  linked: boolean;
}

/** The states of the live view; `absent` is a kernel without Tengen. */
export type LiveState =
  | { kind: 'loading' }
  | { kind: 'empty'; why: 'no-kernel' | 'absent' | 'nothing-held' }
  | { kind: 'error'; error: unknown }
  | { kind: 'full'; memory: LiveMemory };

/** Asks the kernel: undefined without a kernel, null without Tengen in it. */
export type AskLive = () => Promise<LiveMemory | null | undefined>;

/** Holds the last answer of the kernel; the view draws it. */
export class LiveModel {
  private readonly _ask: AskLive;
  private readonly _changed = new Signal<this, void>(this);
  private _state: LiveState = { kind: 'loading' };
  private _grouping: Grouping = 'module';
  private _round = 0;
  private _updated: Date | null = null;
  private _linked: Place | null = null;

  constructor(ask: AskLive) {
    this._ask = ask;
  }

  /** Emitted when anything changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): LiveState {
    return this._state;
  }

  get grouping(): Grouping {
    return this._grouping;
  }

  /** When the kernel last answered. */
  get updated(): Date | null {
    return this._updated;
  }

  /** Mark what another view has chosen. */
  setLinked(place: Place | null): void {
    this._linked = place;
    this._changed.emit();
  }

  setGrouping(grouping: Grouping): void {
    this._grouping = grouping;
    this._changed.emit();
  }

  /** Ask again; what is shown stays until the answer comes, and an overtaken answer is dropped. */
  async refresh(): Promise<void> {
    const round = ++this._round;
    let next: LiveState;
    try {
      const memory = await this._ask();
      if (memory === undefined) {
        next = { kind: 'empty', why: 'no-kernel' };
      } else if (memory === null) {
        next = { kind: 'empty', why: 'absent' };
      } else {
        next = memory.used ? { kind: 'full', memory } : { kind: 'empty', why: 'nothing-held' };
      }
    } catch (error) {
      next = { kind: 'error', error };
    }
    if (round === this._round) {
      this._state = next;
      this._updated = new Date();
      this._changed.emit();
    }
  }

  /** The groups of the present answer, the largest first. */
  get groups(): LiveGroup[] {
    if (this._state.kind !== 'full') {
      return [];
    }
    const { holders, origins } = this._state.memory;
    const linked = this._linked ? meantBy(this._linked, origins) : new Set<number>();
    const groups = new Map<string, LiveGroup>();
    for (const holder of holders) {
      const origin = origins[holder.origin] ?? { op: '' };
      const name = this._nameOf(holder, origin);
      const empty = { name, bytes: 0, blocks: 0, kinds: new Map(), origin, linked: false };
      const group: LiveGroup = groups.get(name) ?? empty;
      groups.set(name, group);
      group.bytes += holder.bytes;
      group.blocks += holder.blocks;
      group.linked ||= linked.has(holder.origin);
      group.kinds.set(holder.kind, (group.kinds.get(holder.kind) ?? 0) + holder.bytes);
    }
    return [...groups.values()].sort((a, b) => b.bytes - a.bytes);
  }

  private _nameOf(holder: LiveHolder, origin: Origin): string {
    switch (this._grouping) {
      case 'module':
        return moduleAt(origin.module ?? '', 2);
      case 'cell':
        return origin.source?.cell ?? origin.source?.file.split(/[\\/]/).at(-1) ?? '';
      case 'line':
        return place(origin.source);
      case 'tensor':
        return holder.tensor || `${origin.op} ${holder.shape}`;
    }
  }
}
