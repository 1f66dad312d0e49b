/** The graph view: outline, canvas and details around one model, in its four states. */

import * as React from 'react';
import type { GraphDocument, Source } from '../api/documents.ts';
import { failureText } from '../ui/text.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { GraphCanvas } from './canvas.tsx';
import { CompareView, type Pair } from './compare.tsx';
import { Details } from './details.tsx';
import { exportPicture } from './export.ts';
import type { GraphModel } from './model.ts';
import { Outline } from './outline.tsx';
import { afterPasses, earliest } from './passes.ts';
import type { Stage } from './stage.ts';
import { Toolbar } from './toolbar.tsx';

/** What a view needs besides its model; what is absent is not offered. */
export interface GraphViewProps {
  readonly model: GraphModel;
  readonly texts: Texts;
  /** Show a line of the user's code. */
  readonly onSource?: ((source: Source) => void) | undefined;
  /** Ask for another graph to compare with; null when none was chosen. */
  readonly onCompare?: (() => Promise<GraphDocument | null>) | undefined;
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
  const [pair, setPair] = React.useState<Pair | null>(null);
  const name = model.document?.name ?? '';
  if (pair) {
    const { startWorker } = model;
    return <CompareView {...{ pair, texts, startWorker, onSource }} onClose={() => setPair(null)} />;
  }
  const compare = async () => {
    const [before, after] = [await onCompare?.(), model.graph?.document];
    if (before && after) {
      setPair({ before, after });
    }
  };
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
          compare: onCompare && (() => void compare()),
          comparePass: () => setPair(passPair(model)),
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

/** The graph before and after the pass that is shown. */
function passPair(model: GraphModel): Pair | null {
  const { document, pass } = model;
  if (!document || pass <= earliest(document)) {
    return null;
  }
  const name = document.passes?.[pass - 1]?.name ?? '';
  const [before, after] = [afterPasses(document, pass - 1), afterPasses(document, pass)];
  return { before: { ...before, name: `← ${name}` }, after: { ...after, name: `${name} →` } };
}
