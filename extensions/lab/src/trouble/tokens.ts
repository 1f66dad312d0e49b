/** The ids of the commands about kernels that died and memory that ran out. */

export const CommandIDs = {
  /** Say why the current notebook's kernel died. */
  explain: 'tengen-studio:explain-death'
} as const;

/** The type under which a notebook keeps such a document as an output. */
export const MIME = 'application/vnd.tengen.trouble+json';
