/** A line of the user's code as a link. */

import * as React from 'react';
import type { ConvertProps } from './view.tsx';

/** Where the line stands; a click shows it. Nothing where no line is known. */
export function Place({
  cellOf,
  file,
  line,
  onSource,
  text,
  trans
}: ConvertProps & { file: string; line: number; text: string }): React.ReactElement | null {
  if (!file) {
    return null;
  }
  const cell = cellOf(file);
  const short = /[\\/]ipykernel_\d+[\\/]/.test(file)
    ? trans.__('an earlier cell')
    : (file.split(/[\\/]/).at(-1) ?? file);
  return (
    <button
      className="tengen-Convert-link"
      title={trans.__('Show the line of code')}
      onClick={() => onSource({ file, line, text })}
    >
      {cell === null
        ? trans.__('%1, line %2', short, line)
        : trans.__('cell %1, line %2', cell, line)}
    </button>
  );
}
