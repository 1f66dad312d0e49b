/** The projects panel's state: the list, the chosen project, its history and what is not saved. */

import { type ISignal, Signal } from '@lumino/signaling';
import type { ProjectFilter } from '../api/projects.ts';
import type { ChangePage, Project, ProjectPage, Version, VersionPage } from '../api/types.ts';

/** What the model asks of the outside; the plugin wires it to the REST functions. */
export interface ProjectSource {
  projects(filter: ProjectFilter): Promise<ProjectPage>;
  tags(): Promise<string[]>;
  project(id: string): Promise<Project>;
  versions(id: string, after: string | null): Promise<VersionPage>;
  unsaved(id: string): Promise<ChangePage>;
}

/** The list: loading, empty, an error with its reason, or full. */
export type ListState =
  | { kind: 'loading' }
  | { kind: 'empty'; filtered: boolean }
  | { kind: 'error'; error: unknown }
  | { kind: 'full'; projects: Project[]; next: string | null };

/** What differs from the newest version: how many files, `more` if there are others. */
export interface Unsaved {
  files: number;
  more: boolean;
}

/** The history of the chosen project. */
export type HistoryState =
  | { kind: 'loading' }
  | { kind: 'empty' }
  | { kind: 'error'; error: unknown }
  | { kind: 'full'; versions: Version[]; next: string | null };

/** Holds what is shown; answers that a newer question overtook are dropped. */
export class ProjectsModel {
  private readonly _source: ProjectSource;
  private readonly _changed = new Signal<this, void>(this);
  private _list: ListState = { kind: 'loading' };
  private _history: HistoryState = { kind: 'loading' };
  private _chosen: Project | null = null;
  private _unsaved: Unsaved | null = null;
  private _tags: string[] = [];
  private _search = '';
  private _tag = '';
  private _trash = false;
  private _rounds = { list: 0, history: 0, unsaved: 0 };

  constructor(source: ProjectSource) {
    this._source = source;
  }

  /** Emitted when anything changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get list(): ListState {
    return this._list;
  }

  get history(): HistoryState {
    return this._history;
  }

  /** The project that is open in the panel, or null while the list is shown. */
  get chosen(): Project | null {
    return this._chosen;
  }

  /** What of the chosen project is in no version yet; null while that is not known. */
  get unsaved(): Unsaved | null {
    return this._unsaved;
  }

  get tags(): readonly string[] {
    return this._tags;
  }

  get search(): string {
    return this._search;
  }

  get tag(): string {
    return this._tag;
  }

  /** Whether the trash is shown instead of the projects. */
  get trash(): boolean {
    return this._trash;
  }

  /** The project whose folder a path lies in, if it is on the list. */
  projectOf(path: string): Project | null {
    if (this._list.kind !== 'full') {
      return null;
    }
    const inside = ({ directory }: Project): boolean =>
      directory !== null && (path === directory || path.startsWith(`${directory}/`));
    return this._list.projects.find(inside) ?? null;
  }

  /** Load the list anew; what is shown stays until the answer comes. */
  async load(): Promise<void> {
    const round = ++this._rounds.list;
    const filter = this._filter(null);
    let next: ListState;
    try {
      const [page, tags] = await Promise.all([this._source.projects(filter), this._source.tags()]);
      next = page.items.length
        ? { kind: 'full', projects: page.items, next: page.next }
        : { kind: 'empty', filtered: Boolean(this._search || this._tag) };
      if (round === this._rounds.list) {
        this._tags = tags;
      }
    } catch (error) {
      next = { kind: 'error', error };
    }
    if (round === this._rounds.list) {
      this._list = next;
      this._changed.emit();
    }
  }

  /** Load the next page of the list. */
  async loadMore(): Promise<void> {
    const { list } = this;
    if (list.kind !== 'full' || !list.next) {
      return;
    }
    const round = this._rounds.list;
    const page = await this._source.projects(this._filter(list.next));
    if (round === this._rounds.list) {
      this._list = { kind: 'full', projects: [...list.projects, ...page.items], next: page.next };
      this._changed.emit();
    }
  }

  /** Search by words, a tag, or in the trash. */
  async filter(change: { search?: string; tag?: string; trash?: boolean }): Promise<void> {
    this._search = change.search ?? this._search;
    this._tag = change.tag ?? this._tag;
    this._trash = change.trash ?? this._trash;
    this._changed.emit();
    await this.load();
  }

  /** Open a project in the panel, or go back to the list. */
  async choose(project: Project | null): Promise<void> {
    this._rounds.history++;
    this._rounds.unsaved++;
    this._chosen = project;
    this._history = { kind: 'loading' };
    this._unsaved = null;
    this._changed.emit();
    if (project) {
      await this.refresh();
    }
  }

  /** Read the chosen project, its history and its changes anew. */
  async refresh(): Promise<void> {
    const id = this._chosen?.id;
    if (!id) {
      return;
    }
    const round = ++this._rounds.history;
    const current = (): boolean => round === this._rounds.history && this._chosen?.id === id;
    void this.refreshUnsaved();
    let next: HistoryState;
    try {
      const [project, page] = await Promise.all([
        this._source.project(id),
        this._source.versions(id, null)
      ]);
      if (current()) {
        this._chosen = project;
      }
      next = page.items.length
        ? { kind: 'full', versions: page.items, next: page.next }
        : { kind: 'empty' };
    } catch (error) {
      next = { kind: 'error', error };
    }
    if (current()) {
      this._history = next;
      this._changed.emit();
    }
  }

  /** Count again what is in no version yet. */
  async refreshUnsaved(): Promise<void> {
    const project = this._chosen;
    const round = ++this._rounds.unsaved;
    if (!project?.directory || project.missing || project.trashed || !project.version) {
      this._unsaved = null;
      return;
    }
    let unsaved: Unsaved | null = null;
    try {
      const page = await this._source.unsaved(project.id);
      unsaved = { files: page.items.length, more: page.next !== null };
    } catch {
      unsaved = null; // the history tells of a failure; a count that is not known says nothing
    }
    if (round === this._rounds.unsaved) {
      this._unsaved = unsaved;
      this._changed.emit();
    }
  }

  /** Load the next page of the history. */
  async loadOlder(): Promise<void> {
    const { history, _chosen: project } = this;
    if (history.kind !== 'full' || !history.next || !project) {
      return;
    }
    const round = this._rounds.history;
    const page = await this._source.versions(project.id, history.next);
    if (round === this._rounds.history) {
      const versions = [...history.versions, ...page.items];
      this._history = { kind: 'full', versions, next: page.next };
      this._changed.emit();
    }
  }

  private _filter(after: string | null): ProjectFilter {
    return {
      q: this._search,
      tag: this._tag,
      state: this._trash ? 'trashed' : 'active',
      after
    };
  }
}
