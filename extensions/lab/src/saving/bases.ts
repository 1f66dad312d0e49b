/** Names, in every save of this page, the state of the file that the save builds on. */

import type { Contents } from '@jupyterlab/services';

/** A time that no page has read a file after. */
const LONG_AGO = '1970-01-01T00:00:00Z';

/** The saves of one page, and the hashes of the files as it has read or written them last. */
export class Bases {
  private readonly known = new Map<string, string>();
  private readonly saves = new Map<string, Promise<Contents.IModel>>();
  private readonly contents: Contents.IManager;
  private readonly read: Contents.IManager['get'];

  /**
   * JupyterLab's document contexts have no place for what a save starts from, so that the
   * manager's own methods are wrapped. `refused` is called for a save that was too late, and its
   * error is what the saver gets.
   */
  constructor(contents: Contents.IManager, refused: (path: string) => Error) {
    this.contents = contents;
    this.read = contents.get.bind(contents);
    const save = contents.save.bind(contents);
    contents.get = async (path, options) => {
      const model = await this.read(path, options);
      if (options?.content === false && options.hash && this.known.has(path)) {
        // JupyterLab asks this before it saves, to offer "overwrite" or "revert" alone. The
        // server looks more closely, and both sides can be joined then; and of two saves at
        // once it would take one for a stranger's.
        return { ...model, hash: undefined, last_modified: LONG_AGO };
      }
      this.note(path, model);
      return model;
    };
    contents.save = async (path, options) => {
      const before = this.saves.get(path);
      const saved = Promise.resolve(before?.catch(() => undefined)).then(async () => {
        const base = this.known.get(path);
        try {
          const model = await save(path, base ? withBase(options, base) : options);
          this.note(path, model);
          return model;
        } catch (error) {
          throw statusOf(error) === 409 && base ? refused(path) : error;
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
      this.move(path, model.path);
      return model;
    };
  }

  /** Whether the file on the server is another than what this page has read or written last. */
  async isBehind(path: string): Promise<boolean> {
    const known = this.known.get(path);
    if (!known || this.contents.driveName(path)) {
      return false;
    }
    const model = await this.read(path, { content: false, hash: true });
    return Boolean(model.hash) && model.hash !== known;
  }

  /** What is known of a file, or of all in a folder, is known of it under its new path. */
  private move(path: string, newPath: string): void {
    for (const [known, hash] of [...this.known]) {
      if (known === path || known.startsWith(`${path}/`)) {
        this.known.delete(known);
        this.known.set(newPath + known.slice(path.length), hash);
      }
    }
  }

  private note(path: string, model: Contents.IModel): void {
    if (model.hash && !this.contents.driveName(path)) {
      this.known.set(path, model.hash);
    }
  }
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
