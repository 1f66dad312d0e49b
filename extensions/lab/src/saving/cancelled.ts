/** A save that was not made, about which the user is asked. */

/** What JupyterLab takes for a save that the user has called off. */
export class SaveCancelled extends Error {
  override readonly name = 'ModalCancelError';
  /** What it is called among the refused saves, "" if it was not kept. */
  readonly refused: string;

  constructor(message: string, refused: string) {
    super(message);
    this.refused = refused;
  }
}
