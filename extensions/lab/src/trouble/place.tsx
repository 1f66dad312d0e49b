/** A line of the user's code as a button that leads there. */

import * as React from 'react';
import type { Source } from '../api/documents.ts';

/** How a notebook calls the place of a line ("cell 3, line 2"), and the line's text. */
export interface LinePlace {
  label: string;
  text: string;
}

/** What the button needs: the line, how its place is called, and what shows it. */
export interface PlaceProps {
  source: Source;
  place: LinePlace;
  onSource(source: Source): void;
}

/** The line, with its place before it. */
export function Place({ source, place, onSource }: PlaceProps): React.ReactElement {
  return (
    <button className="tengen-Trouble-place" onClick={() => onSource(source)}>
      {place.label} {place.text && <code>{place.text}</code>}
    </button>
  );
}
