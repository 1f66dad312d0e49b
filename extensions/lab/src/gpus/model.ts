/** The machine's GPUs as last told, and kernels that are making room on them. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { Gpu, GpuHolder, GpuPage, ParkedMemory } from '../api/types.ts';

/** What the model asks the server for. */
export interface GpuServer {
  list(): Promise<GpuPage>;
  park(kernel: string): Promise<ParkedMemory>;
}

/** How an attempt to make room ended. */
export type Parked = { kernel: string; bytes: number } | { kernel: string; error: unknown };

/** Milliseconds between questions while the strip is seen. */
export const PAUSE = 3000;

/** Holds what the strip shows. Where there is no GPU it asks once and never again. */
export class GpuModel {
  private readonly _server: GpuServer;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _parking = new Set<string>();
  private _gpus: readonly Gpu[] = [];
  private _absent = false;
  private _asking: Promise<void> | null = null;
  private _parked: Parked | null = null;

  constructor(server: GpuServer) {
    this._server = server;
  }

  /** Emitted when anything changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The GPUs; none before the first answer, nor where there are none. */
  get gpus(): readonly Gpu[] {
    return this._gpus;
  }

  /** Whether the server has said that there is no GPU. */
  get absent(): boolean {
    return this._absent;
  }

  /** How the last attempt to make room ended. */
  get parked(): Parked | null {
    return this._parked;
  }

  /** Whether a kernel is making room now. */
  isParking(kernel: string): boolean {
    return this._parking.has(kernel);
  }

  /** Ask for the GPUs. What was told stays where the server cannot be reached. */
  refresh(): Promise<void> {
    if (this._absent) {
      return Promise.resolve();
    }
    return (this._asking ??= this._ask().finally(() => {
      this._asking = null;
    }));
  }

  /** Have a kernel make room, and look again. */
  async park(kernel: string): Promise<void> {
    if (this._parking.has(kernel)) {
      return;
    }
    this._parking.add(kernel);
    this._parked = null;
    this._changed.emit();
    try {
      const { bytes } = await this._server.park(kernel);
      this._parked = { kernel, bytes };
    } catch (error) {
      this._parked = { kernel, error };
    }
    this._parking.delete(kernel);
    this._changed.emit();
    await this.refresh();
  }

  private async _ask(): Promise<void> {
    try {
      const { items } = await this._server.list();
      this._gpus = items;
      this._absent = !items.length;
      this._changed.emit();
    } catch {
      // The connection's own notices tell of it; the next question may be answered.
    }
  }
}

/** The kernels of this server that use a GPU, those that hold most first, and all others' bytes. */
export function users({ holders }: Gpu): { kernels: GpuHolder[]; others: number } {
  const kernels = holders.filter(({ kernel }) => kernel !== null);
  const others = holders
    .filter(({ kernel }) => kernel === null)
    .reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  return { kernels: kernels.sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0)), others };
}
