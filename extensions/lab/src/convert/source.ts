/** Where a converting line goes in a notebook, and how the notebook calls the framework. */

import type { Conversion } from '../api/documents.ts';

const NAMES = /[A-Za-z_]\w*/g;

/** The name that a notebook imported Tengen under, null if it has not by name. */
export function importedName(cells: readonly string[]): string | null {
  for (const text of cells) {
    for (const line of text.split('\n')) {
      const found = /^\s*import\s+(.*)$/.exec(line)?.[1];
      for (const part of found?.split(',') ?? []) {
        const name = /^\s*tengen(?:\s+as\s+(\w+))?\s*(?:#.*)?$/.exec(part);
        if (name) {
          return name[1] ?? 'tengen';
        }
      }
    }
  }
  return null;
}

/** The cell that uses a conversion: its code, and the number of the cell it goes below. */
export function usingCell(
  cells: readonly string[],
  conversion: Pick<Conversion, 'name' | 'code'>
): { code: string; after: number } {
  const { name, code } = conversion;
  const known = importedName(cells);
  const text = known ? code.replaceAll('tengen.', `${known}.`) : `import tengen\n\n${code}`;
  const needed = [name, ...(code.match(NAMES) ?? [])];
  let after = -1;
  for (const [index, cell] of cells.entries()) {
    if (needed.some(what => what !== 'tengen' && defines(cell, what))) {
      after = index;
    }
  }
  return { code: text, after: after >= 0 ? after : cells.length - 1 };
}

/**
 * The cells to run again once cell `changed` has another text: itself, and those below that make
 * something of what it defines, down to the one that defines `name`.
 */
export function cellsToRun(cells: readonly string[], changed: number, name: string): number[] {
  const last = cells.reduce((at, cell, index) => (defines(cell, name) ? index : at), changed);
  const fresh = new Set(definedNames(cells[changed] ?? ''));
  const found = [changed];
  for (let index = changed + 1; index <= last; index++) {
    const cell = cells[index] ?? '';
    const made = definedNames(cell);
    if (made.length && (cell.match(NAMES) ?? []).some(what => fresh.has(what))) {
      found.push(index);
      made.forEach(what => fresh.add(what));
    }
  }
  return found;
}

/** Whether a cell's own lines, not those inside a function, bind a name. */
function defines(cell: string, name: string): boolean {
  return definedNames(cell).includes(name);
}

/** The names that a cell's own lines bind. */
function definedNames(cell: string): string[] {
  const found: string[] = [];
  for (const line of cell.split('\n')) {
    const made = /^(?:async\s+)?(?:def|class)\s+(\w+)/.exec(line);
    const bound = /^([\w\s,()[\]*]+?)(?::[^=]+)?=(?!=)/.exec(line)?.[1];
    if (made?.[1]) {
      found.push(made[1]);
    } else if (bound && !bound.includes('(')) {
      found.push(...(bound.match(NAMES) ?? []));
    }
  }
  return found;
}
