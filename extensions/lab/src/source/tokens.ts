/** The command that shows a line of the user's code, for every feature that names one. */

export const CommandIDs = {
  /** Arguments: a `Source` (file, line, cell, text). */
  show: 'tengen-studio:show-source'
} as const;
