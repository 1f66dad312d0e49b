/** Where a converting line goes in a notebook, and how the notebook calls the framework. */

import type { Conversion } from '../api/documents.ts';

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
  const text = known
    ? code.replaceAll('tengen.', `${known}.`)
    : `import tengen\n\n${code}`;
  const needed = [name, ...(code.match(/[A-Za-z_]\w*/g) ?? [])];
  const defines = (cell: string, what: string): boolean =>
    new RegExp(`^(?:def\\s+${what}\\b|(?:[\\w, ]*\\b)?${what}\\b[\\w, ]*=[^=])`, 'm').test(cell);
  let after = -1;
  for (const [index, cell] of cells.entries()) {
    if (needed.some(what => what !== 'tengen' && defines(cell, what))) {
      after = index;
    }
  }
  return { code: text, after: after >= 0 ? after : cells.length - 1 };
}
