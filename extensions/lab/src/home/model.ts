/** The home tab's state: what there is to start from, and what the machine has. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { About, Copy, Project, Template } from '../api/types.ts';

/** What the model asks of the outside; the plugin wires it to the REST functions. */
export interface Source {
  templates(): Promise<Template[]>;
  about(): Promise<About>;
  copy(slug: string, directory: string): Promise<Copy>;
  /** The projects changed last; left out where there are no projects. */
  recent?(): Promise<Project[]>;
}

/** The four states that a view draws. */
export type HomeState =
  | { kind: 'loading' }
  | { kind: 'empty'; about: About; recent: Project[] }
  | { kind: 'error'; error: unknown }
  | { kind: 'full'; about: About; templates: Template[]; recent: Project[] };

/** Loads templates and machine figures, and starts from a template, one start at a time. */
export class HomeModel {
  private readonly _source: Source;
  private readonly _changed = new Signal<this, void>(this);
  private _state: HomeState = { kind: 'loading' };
  private _starting: string | null = null;
  private _round = 0;

  constructor(source: Source) {
    this._source = source;
  }

  /** Emitted when `state` or `starting` changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get state(): HomeState {
    return this._state;
  }

  /** The slug that is being copied, or null. */
  get starting(): string | null {
    return this._starting;
  }

  /** The template with this slug, if it is loaded. */
  template(slug: string): Template | undefined {
    return this._state.kind === 'full'
      ? this._state.templates.find(template => template.slug === slug)
      : undefined;
  }

  /** Load everything anew; an answer that a newer call overtook is dropped. */
  async load(): Promise<void> {
    const round = ++this._round;
    this._set({ kind: 'loading' });
    let next: HomeState;
    try {
      const [templates, about, recent] = await Promise.all([
        this._source.templates(),
        this._source.about(),
        // The projects panel tells of a failure; templates can be started all the same.
        this._source.recent?.().catch(() => []) ?? []
      ]);
      next = templates.length
        ? { kind: 'full', about, templates, recent }
        : { kind: 'empty', about, recent };
    } catch (error) {
      next = { kind: 'error', error };
    }
    if (round === this._round) {
      this._set(next);
    }
  }

  /** Copy a template into `directory`; null when another copy is still under way. */
  async start(slug: string, directory: string): Promise<Copy | null> {
    if (this._starting !== null) {
      return null;
    }
    this._starting = slug;
    this._changed.emit();
    try {
      return await this._source.copy(slug, directory);
    } finally {
      this._starting = null;
      this._changed.emit();
    }
  }

  private _set(state: HomeState): void {
    this._state = state;
    this._changed.emit();
  }
}
