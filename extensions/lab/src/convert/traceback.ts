/** A traceback of Python, taken apart so that the user's own lines come first. */

import { cellHash } from '../source/cellname.ts';

/** A call in a traceback. */
export interface Frame {
  file: string;
  line: number;
  /** The function's name. */
  name: string;
  /** The source line, "" where Python had none. */
  text: string;
  /** Whether it is the user's code and not a library's. */
  own: boolean;
}

const PLACE = /^\s*File "(.+)", line (\d+), in (.+)$/;
const LIBRARY = /[\\/](?:site-packages|lib[\\/]python[\d.]+|tengen)[\\/]/;

/** The calls of a traceback's lines, the outermost first. */
export function framesOf(lines: readonly string[]): Frame[] {
  const found: Frame[] = [];
  for (const [index, line] of lines.entries()) {
    const place = PLACE.exec(line);
    if (place) {
      const [, file = '', number = '0', name = ''] = place;
      const next = lines[index + 1] ?? '';
      const text = PLACE.test(next) || !/^\s{4}/.test(next) ? '' : next.trim();
      const own = cellHash(file) !== null || !(LIBRARY.test(file) || file.startsWith('<'));
      found.push({ file, line: Number(number), name, text, own });
    }
  }
  return found;
}
