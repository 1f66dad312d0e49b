/** What the server says of files, runs and data sets in words of its own, in the user's language. */

import type { Texts } from '../ui/signals.ts';
import { failureText, taken } from '../ui/text.ts';

/** Puts a text into the table of translations; it is looked up when it is shown. */
const trans = { __: (text: string): string => text };

const SAID: readonly string[] = [
  // Why a file is in no version.
  trans.__('a link that leaves the project'),
  trans.__('its name is not UTF-8'),
  trans.__('may not be read'),
  trans.__('neither a file nor a link'),
  trans.__('removed or replaced while the version was saved'),
  trans.__('written to while the version was saved'),
  // How far a run is.
  trans.__('files'),
  trans.__('notebooks'),
  trans.__('packages'),
  // What came of it.
  trans.__('%1 of %2 outputs agree; not %3.'),
  trans.__('All %1 outputs agree exactly.'),
  trans.__('All %1 outputs agree within %2.'),
  trans.__('It was cancelled.'),
  trans.__('No cell of this version has an output to compare with.'),
  trans.__('Nobody was running it any more.'),
  trans.__('The disk refused: %1'),
  trans.__('The server failed; its log has the reason.'),
  trans.__('The server stopped while it ran.'),
  trans.__('The server stopped while the files were taken in.'),
  trans.__('%1 cell %2')
];

/** A sentence or word of the server's, translated where the table has it. */
export function stated(text: string, texts: Texts): string {
  const known = taken(text, SAID);
  return known ? texts.gettext(known.text, ...known.values) : failureText(text, texts);
}
