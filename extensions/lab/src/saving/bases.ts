/** Names, in every save of this page, the state of the file that the save builds on. */

import type { INotebookContent } from '@jupyterlab/nbformat';
import type { Contents } from '@jupyterlab/services';

/** A time that no page has read a file after. */
const LONG_AGO = '1970-01-01T00:00:00Z';

/** A file as this page has read or written it last; `content` if it is a notebook. */
export interface Known {
  hash: string;
  content: INotebookContent | null;
}

/** A save that came too late. */
export interface Refusal {
  path: string;
  /** Whether a notebook was to be saved as one, not as a text. */
  isNotebook: boolean;
  /** What it is called among the refused saves, "" if it was not kept. */
  id: string;
}

/** The saves of one page, and the files as it has read or written them last. */
export class Bases {
  private readonly known = new Map<string, Known>();
  private readonly saves = new Map<string, Promise<Contents.IModel>>();
  private readonly contents: Contents.IManager;
  private readonly read: Contents.IManager['get'];

  /**
   * JupyterLab's document contexts have no place for what a save starts from, so that the
   * manager's own methods are wrapped. `refused` is called for a save that was too late, and its
   * error is what the saver gets.
   */
  constructor(contents: Contents.IManager, refused: (refusal: Refusal) => Error) {
    this.contents = contents;
    this.read = contents.get.bind(contents);
    const save = contents.save.bind(contents);
    contents.get = async (path, options) => {
      const model = await this.read(path, options);
      if (options?.content === false) {
        // JupyterLab asks this before it saves, to offer "overwrite" or "revert" alone. The
        // server looks more closely, and both sides can be joined then; and of two saves at
        // once it would take one for a stranger's.
        const asks = options.hash && (this.known.has(key(path, true)) || this.known.has(path));
        return asks ? { ...model, hash: undefined, last_modified: LONG_AGO } : model;
      }
      this.note(path, model.type === 'notebook', model.hash, model.content);
      return model;
    };
    contents.save = async (path, options) => {
      const before = this.saves.get(path);
      const isNotebook = options?.type === 'notebook';
      const saved = Promise.resolve(before?.catch(() => undefined)).then(async () => {
        const base = this.known.get(key(path, isNotebook))?.hash;
        try {
          const model = await save(path, base ? withBase(options, base) : options);
          this.note(path, isNotebook, model.hash, options?.content);
          return model;
        } catch (error) {
          throw statusOf(error) === 409 && base
            ? refused({ path, isNotebook, id: keptAs(error) })
            : error;
        }
      });
      this.saves.set(path, saved);
      try {
        return await saved;
      } finally {
        if (this.saves.get(path) === saved) {
          this.saves.delete(path);
        }
      }
    };
    const rename = contents.rename.bind(contents);
    contents.rename = async (path, newPath) => {
      const model = await rename(path, newPath);
      this.moved(path, model.path);
      return model;
    };
  }

  /** An open notebook as this page has read or written it last. */
  of(path: string): Known | undefined {
    return this.known.get(key(path, true));
  }

  /** The notebook on the server, if it is another than what this page has read or written last. */
  async newer(path: string): Promise<Known | null> {
    const known = this.of(path);
    if (!known || this.contents.driveName(path)) {
      return null;
    }
    const { hash } = await this.read(path, { content: false, hash: true });
    if (!hash || hash === known.hash) {
      return null;
    }
    const options = { type: 'notebook', format: 'json', content: true, hash: true } as const;
    const model = await this.read(path, options);
    return model.hash && model.hash !== known.hash
      ? { hash: model.hash, content: model.content as INotebookContent }
      : null;
  }

  /** Note what an open notebook builds on from now on. */
  know(path: string, known: Known): void {
    this.known.set(key(path, true), known);
  }

  /** Keep no content of a notebook that is not open any more. */
  closed(path: string): void {
    const known = this.of(path);
    if (known) {
      this.know(path, { ...known, content: null });
    }
  }

  /** What is known of a file, or of all in a folder, is known of it under its new path. */
  moved(path: string, newPath: string): void {
    for (const [name, known] of [...this.known]) {
      const bare = name.replace(NOTEBOOK, '');
      if (bare === path || bare.startsWith(`${path}/`)) {
        this.known.delete(name);
        const kind = name.slice(0, name.length - bare.length);
        this.known.set(kind + newPath + bare.slice(path.length), known);
      }
    }
  }

  private note(
    path: string,
    isNotebook: boolean,
    hash: string | undefined,
    content: unknown
  ): void {
    if (hash && !this.contents.driveName(path)) {
      const kept = isNotebook ? ((content ?? null) as INotebookContent | null) : null;
      this.known.set(key(path, isNotebook), { hash, content: kept });
    }
  }
}

/** What stands before the path of a notebook that is open as one, not as a text. */
const NOTEBOOK = /^notebook\n/;

function key(path: string, isNotebook: boolean): string {
  return isNotebook ? `notebook\n${path}` : path;
}

function withBase(
  options: Partial<Contents.IModel> | undefined,
  base: string
): Partial<Contents.IModel> {
  return { ...options, base_hash: base } as Partial<Contents.IModel>;
}

function statusOf(error: unknown): number {
  return (error as { response?: { status?: number } }).response?.status ?? 0;
}

function keptAs(error: unknown): string {
  const { message = '' } = error as { message?: string };
  return /is kept as (\S+)\.$/.exec(message)?.[1] ?? '';
}
