/** The graph view: outline, canvas and details around one model, in its four states. */

import * as React from 'react';
import type { Source } from '../api/documents.ts';
import { failureText } from '../ui/text.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { GraphCanvas } from './canvas.tsx';
import { Details } from './details.tsx';
import { exportPicture } from './export.ts';
import type { GraphModel } from './model.ts';
import { Outline } from './outline.tsx';
import type { Stage } from './stage.ts';
import { Toolbar } from './toolbar.tsx';

/** What a view needs besides its model; what is absent is not offered. */
export interface GraphViewProps {
  readonly model: GraphModel;
  readonly texts: Texts;
  /** Show a line of the user's code. */
  readonly onSource?: ((source: Source) => void) | undefined;
  /** Ask for another graph to compare with. */
  readonly onCompare?: (() => void) | undefined;
  /** Load the graph again after a failure. */
  readonly onRetry?: (() => void) | undefined;
  /** Whether the side panels start closed, where there is little room. */
  readonly compact?: boolean;
  /** What stands in the canvas's place when two graphs are compared. */
  readonly onStage?: ((stage: Stage | null) => void) | undefined;
}

/** One graph. */
export function GraphView(props: GraphViewProps): React.ReactElement {
  const { model, onRetry, texts } = props;
  useSignal(model.changed);
  const { state } = model;
  switch (state.kind) {
    case 'loading':
      return (
        <div className="tengen-Graph-state" role="status">
          <p>{texts.__('Reading the graph…')}</p>
        </div>
      );
    case 'empty':
      return (
        <div className="tengen-Graph-state">
          <h2>{texts.__('An empty graph')}</h2>
          <p>
            {texts.__(
              'A graph shows what a model computes, operator by operator. This one has no operators: call the model on a sample first, or choose another file.'
            )}
          </p>
          {onRetry && (
            <button className="jp-mod-styled" onClick={onRetry}>
              {texts.__('Look again')}
            </button>
          )}
        </div>
      );
    case 'error':
      return (
        <div className="tengen-Graph-state" role="alert">
          <h2>{texts.__('The graph could not be shown')}</h2>
          <p>{failureText(state.error, texts)}</p>
          <p>{texts.__('Your files are not affected.')}</p>
          {onRetry && (
            <button className="jp-mod-styled jp-mod-accept" onClick={onRetry}>
              {texts.__('Try again')}
            </button>
          )}
        </div>
      );
    case 'full':
      return <Full {...props} />;
  }
}

function Full(props: GraphViewProps): React.ReactElement {
  const { compact, model, onCompare, onSource, onStage, texts } = props;
  const [outline, setOutline] = React.useState(!compact);
  const [details, setDetails] = React.useState(!compact);
  const stage = React.useRef<Stage | null>(null);
  const search = React.useRef<HTMLInputElement>(null);
  const [asked, setAsked] = React.useState(0);
  React.useEffect(() => {
    if (asked) {
      search.current?.focus();
    }
  }, [asked]);
  const name = model.document?.name ?? '';
  return (
    <div className="tengen-Graph-view">
      <Toolbar
        model={model}
        texts={texts}
        panels={{ outline, details }}
        actions={{
          fit: () => stage.current?.fitWhole(),
          zoom: factor => stage.current?.zoomBy(factor),
          exportAs: kind => stage.current && exportPicture(stage.current, kind, name),
          compare: onCompare,
          toggleOutline: () => setOutline(!outline),
          toggleDetails: () => setDetails(!details)
        }}
      />
      <div className="tengen-Graph-body">
        {outline && (
          <Outline
            model={model}
            texts={texts}
            searchRef={search}
            onDone={() => stage.current?.focus()}
          />
        )}
        <GraphCanvas
          model={model}
          texts={texts}
          label={name || texts.__('Graph')}
          onStage={made => {
            stage.current = made;
            onStage?.(made);
          }}
          onLeaf={() => setDetails(true)}
          onSearch={() => {
            setOutline(true);
            setAsked(asked + 1);
          }}
        />
        {details && <Details model={model} texts={texts} onSource={onSource} />}
      </div>
    </div>
  );
}
