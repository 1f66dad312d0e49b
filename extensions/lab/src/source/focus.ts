/** What is chosen anywhere on the page, so that every other view can light it up. */

import type { Source } from '../api/documents.ts';
import { cellHash } from './cellname.ts';

/** What a view shows a part of: a call, a block, a line or a module. */
export interface Place {
  readonly op?: string;
  /** The dotted path of a module; a place of a whole module has no source and no operator. */
  readonly module?: string;
  readonly source?: Source | null;
}

interface Told {
  readonly from: object;
  readonly place: Place | null;
}

const EVENT = 'tengen-focus';

/** Carries choices between views, those of notebook outputs among them: they share the page. */
export class FocusBus {
  private readonly _target: EventTarget;

  constructor(target: EventTarget) {
    this._target = target;
  }

  /** Say that `from` has something chosen now, or nothing. */
  tell(from: object, place: Place | null): void {
    this._target.dispatchEvent(new CustomEvent<Told>(EVENT, { detail: { from, place } }));
  }

  /** Hear what the others have chosen; gives what ends it. */
  listen(own: object, hear: (place: Place | null) => void): () => void {
    const heard = (event: Event): void => {
      const { from, place } = (event as CustomEvent<Told>).detail;
      if (from !== own) {
        hear(place);
      }
    };
    this._target.addEventListener(EVENT, heard);
    return () => this._target.removeEventListener(EVENT, heard);
  }
}

/** The bus of this page. */
export function pageFocus(): FocusBus {
  return new FocusBus(document);
}

/** Whether two lines are the same line of the user's code. */
export function sameLine(a: Source | null | undefined, b: Source | null | undefined): boolean {
  if (!a || !b || a.line !== b.line) {
    return false;
  }
  if (a.file === b.file) {
    return true;
  }
  // The same code may have run in another kernel, whose folder has another name.
  const hash = cellHash(a.file);
  return hash !== null && hash === cellHash(b.file);
}

/**
 * Which of these places are meant by one: with the same line, module and operator, as many of the
 * three as any of them shares; never another line where the line is known.
 */
export function meantBy(place: Place, among: readonly Place[]): Set<number> {
  let best = 0;
  let found = new Set<number>();
  among.forEach((other, number) => {
    const score = likeness(place, other);
    if (score > best) {
      best = score;
      found = new Set();
    }
    if (score > 0 && score === best) {
      found.add(number);
    }
  });
  return found;
}

function likeness(place: Place, other: Place): number {
  const module = place.module ?? '';
  const own = other.module ?? '';
  if (place.source && other.source) {
    if (!sameLine(place.source, other.source)) {
      return 0;
    }
    const alike = place.module !== undefined && module === own;
    return 1 + (alike ? 2 : 0) + (alike && place.op === other.op ? 1 : 0);
  }
  if (!module) {
    return 0;
  }
  if (place.op !== undefined) {
    return module === own ? 1 + (place.op === other.op ? 1 : 0) : 0;
  }
  return own === module || own.startsWith(`${module}.`) ? 1 : 0;
}
