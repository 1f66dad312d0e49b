/** Keeps what was worked out, until it is asked for of something else. */

/** One value a slot, made anew when it is asked for of other things. */
export class Memo {
  private readonly held = new Map<string, { of: readonly unknown[]; value: unknown }>();

  /** The slot's value of these things, which are compared by identity. */
  get<T>(slot: string, of: readonly unknown[], make: () => T): T {
    const held = this.held.get(slot);
    if (held?.of.length === of.length && held.of.every((thing, at) => thing === of[at])) {
      return held.value as T;
    }
    const value = make();
    this.held.set(slot, { of, value });
    return value;
  }
}
