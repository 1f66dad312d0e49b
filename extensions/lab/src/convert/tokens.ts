/** The ids of the commands that make a model or step static. */

export const CommandIDs = {
  /** Open the panel that converts what the current notebook holds. */
  open: 'tengen-studio:convert',
  /** Use the conversion of the current report in its notebook. */
  use: 'tengen-studio:convert-use',
  /** Take that back. */
  undo: 'tengen-studio:convert-undo',
  /** Write the conversion of the current report as a file. */
  save: 'tengen-studio:convert-save'
} as const;
