/** Signals in React, without JupyterLab around: the same views serve as notebook widgets. */

import type { ISignal } from '@lumino/signaling';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** What a view asks of a translator. */
export type Texts = Pick<TranslationBundle, '__' | 'gettext'>;

/** Draw the component again whenever the signal is emitted. */
export function useSignal<T, U>(signal: ISignal<T, U>): void {
  const [, redraw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    signal.connect(redraw);
    return () => {
      signal.disconnect(redraw);
    };
  }, [signal]);
}
