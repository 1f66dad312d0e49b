/** The button's panel: draws its model in its states; knows nothing of JupyterLab's shell. */

import * as React from 'react';
import type { Conversion, Source } from '../api/documents.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { failureText } from '../ui/text.ts';
import { Choice } from './choice.tsx';
import { Failure } from './failure.tsx';
import type { ConvertModel } from './model.ts';
import { Report } from './report.tsx';
import { stageText } from './words.ts';

/** Which graph of a conversion: as written, as compiled, or what differs between them. */
export type GraphChoice = 'before' | 'after' | 'difference';

/** What the view asks of the application. */
export interface ConvertWiring {
  readonly trans: Texts;
  onSource(source: Source): void;
  /** The number of the notebook's cell that a file is, null if it is none. */
  cellOf(file: string): number | null;
  copy(text: string): void;
  openFile(path: string): void;
  /** Show the graph of something that is not converted. */
  draw(name: string, samples: readonly string[]): void;
  showGraph(conversion: Conversion, which: GraphChoice): void;
  showMemory(conversion: Conversion): void;
}

/** The props of every part of the view. */
export interface ConvertProps extends ConvertWiring {
  model: ConvertModel;
}

/** The whole panel. */
export function ConvertContent(props: ConvertProps & { onState?: () => void }): React.ReactElement {
  const { model, onState, trans } = props;
  useSignal(model.changed);
  const { state } = model;
  React.useEffect(() => onState?.(), [state.kind]);
  switch (state.kind) {
    case 'loading':
      return (
        <p className="tengen-Convert-note" role="status">
          {trans.__('Looking for models and steps in the kernel…')}
        </p>
      );
    case 'empty':
      return <Nothing {...props} why={state.why} />;
    case 'error':
      return (
        <div className="tengen-Convert-note" role="alert">
          <h2>{trans.__('The kernel gave no answer')}</h2>
          <p>{failureText(state.error, trans)}</p>
          <p>{trans.__('Your notebook and its values are as they were.')}</p>
          <button className="jp-mod-styled jp-mod-accept" onClick={() => void model.load()}>
            {trans.__('Try again')}
          </button>
        </div>
      );
    case 'choosing':
      return <Choice {...props} targets={state.targets} />;
    case 'running':
      return <Running {...props} />;
    case 'failed':
      return <Failure {...props} conversion={state.conversion} />;
    case 'report':
      return <Report {...props} conversion={state.conversion} />;
  }
}

function Nothing({
  model,
  trans,
  why
}: ConvertProps & { why: 'no-kernel' | 'absent' | 'nothing' }): React.ReactElement {
  const texts = {
    'no-kernel': trans.__('This notebook has no running kernel: start one and run its cells.'),
    absent: trans.__('The kernel has not loaded Tengen yet: run the cells that import it.'),
    nothing: trans.__(
      'There is no model or training step in the kernel yet: run the cells that define them.'
    )
  };
  return (
    <div className="tengen-Convert-note">
      <h2>{trans.__('Nothing to make static yet')}</h2>
      <p>
        {trans.__(
          'This makes a model or a training step static: the same program, compiled, in planned memory, with the proof that its results are the same.'
        )}
      </p>
      <p>{texts[why]}</p>
      <button className="jp-mod-styled" onClick={() => void model.load()}>
        {trans.__('Look again')}
      </button>
    </div>
  );
}

function Running({ model, trans }: ConvertProps): React.ReactElement | null {
  const { state } = model;
  if (state.kind !== 'running') {
    return null;
  }
  const { done, name, stage, stopping, waiting } = state;
  let text = stage ? stageText(stage, trans) : trans.__('asking the kernel');
  if (waiting) {
    text = trans.__('waiting for the running cell');
  }
  if (stopping) {
    text = trans.__('stopping after this stage');
  }
  return (
    <div className="tengen-Convert-note">
      <h2>{trans.__('Making %1 static', name)}</h2>
      <progress {...(waiting || !stage ? {} : { value: done })} aria-label={text} />
      <p role="status">{text}</p>
      <p className="tengen-Convert-faint">
        {trans.__(
          'The kernel does this between cells, on the values as they are then. Weights, random numbers and variables are put back as they were.'
        )}
      </p>
      <button
        className="jp-mod-styled"
        data-first
        disabled={stopping}
        onClick={() => void model.stop()}
      >
        {trans.__('Cancel')}
      </button>
    </div>
  );
}
