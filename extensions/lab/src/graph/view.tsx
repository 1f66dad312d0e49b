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
  readonly trans: Texts;
  /** Show a line of the user's code. */
  readonly onSource?: ((source: Source) => void) | undefined;
  /** Ask for another graph to compare with; null when none was chosen. */
  readonly onCompare?: (() => Promise<GraphDocument | null>) | undefined;
  /** Load the graph again after a failure. */
  readonly onRetry?: (() => void) | undefined;
  /** Whether the side panels start closed, where there is little room. */
  readonly compact?: boolean;
  /** Hands out the canvas while there is one. */
  readonly onStage?: ((stage: Stage | null) => void) | undefined;
  /** Raised by one when a command asks for the search field, or for a comparison. */
  readonly searchAsked?: number;
  readonly compareAsked?: number;
}

/** One graph. */
export function GraphView(props: GraphViewProps): React.ReactElement {
  const { model, onRetry, trans } = props;
  useSignal(model.changed);
  const { state } = model;
  switch (state.kind) {
    case 'loading':
      return <NoGraph trans={trans} error={null} />;
    case 'empty':
      return (
        <div className="tengen-Graph-state">
          <h2>{trans.__('An empty graph')}</h2>
          <p>
            {trans.__(
              'A graph shows what a model computes, operator by operator. This one has no operators: call the model on a sample first, or choose another file.'
            )}
          </p>
          {onRetry && (
            <button className="jp-mod-styled" onClick={onRetry}>
              {trans.__('Look again')}
            </button>
          )}
        </div>
      );
    case 'error':
      return <NoGraph trans={trans} error={state.error} onRetry={onRetry} />;
    case 'full':
      return <Full {...props} />;
  }
}

/** A graph that is still to come, or that did not: why, and another try. */
export function NoGraph(
  props: Pick<GraphViewProps, 'trans' | 'onRetry'> & { error: unknown }
): React.ReactElement {
  const { error, onRetry, trans } = props;
  if (error === null) {
    return (
      <div className="tengen-Graph-state" role="status">
        <p>{trans.__('Reading the graph…')}</p>
      </div>
    );
  }
  return (
    <div className="tengen-Graph-state" role="alert">
      <h2>{trans.__('The graph could not be shown')}</h2>
      <p>{failureText(error, trans)}</p>
      <p>{trans.__('Your files are not affected.')}</p>
      {onRetry && (
        <button className="jp-mod-styled jp-mod-accept" onClick={onRetry}>
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}

function Full(props: GraphViewProps): React.ReactElement {
  const { compact, model, onCompare, onSource, onStage, trans } = props;
  const [outline, setOutline] = React.useState(!compact);
  // Until they are opened or closed by hand, they are there if there is room or something to tell.
  const [wanted, setDetails] = React.useState<boolean | null>(null);
  const details = wanted ?? (!compact || model.selected !== null);
  const [pair, setPair] = React.useState<Pair | null>(null);
  const stage = React.useRef<Stage | null>(null);
  const search = React.useRef<HTMLInputElement>(null);
  const [asked, setAsked] = React.useState(0);
  const compare = async () => {
    const [before, after] = [await onCompare?.(), model.graph?.document];
    if (before && after) {
      setPair({ before, after });
    }
  };
  React.useEffect(() => {
    if (asked) {
      search.current?.focus();
    }
  }, [asked]);
  useAsked(props.searchAsked, () => {
    setOutline(true);
    setAsked(asked + 1);
  });
  useAsked(props.compareAsked, () => void compare());
  const name = model.document?.name ?? '';
  if (pair) {
    const { startWorker } = model;
    return (
      <CompareView {...{ pair, trans, startWorker, onSource }} onClose={() => setPair(null)} />
    );
  }
  return (
    <div className="tengen-Graph-view">
      <Toolbar
        model={model}
        trans={trans}
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
            trans={trans}
            searchRef={search}
            onDone={() => stage.current?.focus()}
          />
        )}
        <GraphCanvas
          model={model}
          trans={trans}
          label={name || trans.__('Graph')}
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
        {details && <Details model={model} trans={trans} onSource={onSource} />}
      </div>
    </div>
  );
}

/** Act each time a number from outside is raised. */
function useAsked(count: number | undefined, act: () => void): void {
  const answered = React.useRef(count ?? 0);
  React.useEffect(() => {
    if (count !== undefined && count > answered.current) {
      answered.current = count;
      act();
    }
  });
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
