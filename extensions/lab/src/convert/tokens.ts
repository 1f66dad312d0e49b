/** The ids of the commands that make a model or step static. */

export const CommandIDs = {
  /** Open the panel that converts what the current notebook holds. */
  open: 'tengen-studio:convert'
} as const;
