/** When what a user has changed is saved: soon, but not at every key. */

/** Milliseconds without a change, after which is saved, and the longest that a change waits. */
const QUIET = 800;
const LONGEST = 3_000;
/** So many times what the last save has taken lies between two. */
const REST = 10;

/** Calls for saves of one document. */
export class Pace {
  private readonly save: () => void;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private first: number | null = null;
  private notBefore = 0;
  private stopped = false;

  /** `save` is called when it is time; whoever saves says so by `saved`. */
  constructor(save: () => void) {
    this.save = save;
  }

  /** Whether saving waits until it is told to go on. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** Note that there is something to save. */
  changed(): void {
    const now = Date.now();
    this.first ??= now;
    const due = Math.max(Math.min(now + QUIET, this.first + LONGEST), this.notBefore);
    this.set(due - now);
  }

  /** Try once more in a while: whether there is anything to save could not be seen. */
  later(milliseconds: number): void {
    this.first ??= Date.now();
    this.set(milliseconds);
  }

  /** Note that a save has just ended, which took so many milliseconds. */
  saved(took: number): void {
    this.notBefore = Date.now() + REST * took;
    this.resume();
  }

  /** Save nothing until a save has succeeded, or `resume` is called. */
  stop(): void {
    this.stopped = true;
    this.cancel();
  }

  /** Go on; what was changed meanwhile is saved. */
  resume(): void {
    const waits = this.stopped && this.first !== null;
    this.stopped = false;
    if (waits) {
      this.changed();
    }
  }

  /** Forget what waits. */
  dispose(): void {
    this.stop();
    this.first = null;
  }

  private set(wait: number): void {
    this.cancel();
    if (!this.stopped) {
      this.timer = setTimeout(() => {
        this.timer = null;
        this.first = null;
        this.save();
      }, wait);
    }
  }

  private cancel(): void {
    if (this.timer !== null) {
      clearTimeout(this.timer);
      this.timer = null;
    }
  }
}
