/** Two graphs side by side with the list of what differs. */

import * as React from 'react';
import type { GraphDocument, Source } from '../api/documents.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { GraphCanvas } from './canvas.tsx';
import { CompareModel, type Difference } from './compareModel.ts';
import { pageFocus } from '../source/focus.ts';
import { labelOf } from './describe.ts';
import { Details, formText } from './details.tsx';
import type { WorkerLike } from './layouter.ts';
import { linkGraph } from './linking.ts';
import type { GraphModel } from './model.ts';
import type { Stage } from './stage.ts';

/** What is compared: the earlier graph and the later one. */
export interface Pair {
  readonly before: GraphDocument;
  readonly after: GraphDocument;
}

const MOST = 400;

/** Compares a pair until `onClose`. */
export function CompareView(props: {
  pair: Pair;
  trans: Texts;
  startWorker: () => WorkerLike;
  onSource?: ((source: Source) => void) | undefined;
  onClose?: (() => void) | undefined;
}): React.ReactElement | null {
  const { pair, startWorker } = props;
  const [model, setModel] = React.useState<CompareModel | null>(null);
  React.useEffect(() => {
    const made = new CompareModel(startWorker);
    const stops = [made.before, made.after].map(side => linkGraph(side, pageFocus()));
    setModel(made);
    void made.show(pair.before, pair.after);
    return () => {
      stops.forEach(stop => stop());
      made.dispose();
    };
  }, [pair, startWorker]);
  return model && <Compared {...props} model={model} />;
}

function Compared(props: {
  model: CompareModel;
  trans: Texts;
  onSource?: ((source: Source) => void) | undefined;
  onClose?: (() => void) | undefined;
}): React.ReactElement {
  const { model, onClose, onSource, trans } = props;
  useSignal(model.changed);
  const stages = React.useRef<{ before: Stage | null; after: Stage | null }>({
    before: null,
    after: null
  });
  const [last, setLast] = React.useState<GraphModel>(model.after);
  useSignal(last.changed);
  const side = (name: 'before' | 'after') => (
    <div className="tengen-Graph-side" onFocusCapture={() => setLast(model[name])}>
      <SideTitle model={model[name]} trans={trans} />
      <GraphCanvas
        model={model[name]}
        trans={trans}
        label={model[name].document?.name ?? ''}
        onStage={stage => {
          stages.current[name] = stage;
          if (stage) {
            follow(stage, () => stages.current[name === 'before' ? 'after' : 'before']);
          }
        }}
        onLeaf={() => undefined}
        onSearch={() => undefined}
      />
    </div>
  );
  return (
    <div className="tengen-Graph-view">
      <div className="tengen-Graph-toolbar" role="toolbar" aria-label={trans.__('Comparison')}>
        <Counts model={model} trans={trans} />
        <span className="tengen-Graph-gap" />
        <button
          onClick={() => {
            stages.current.before?.fitWhole();
            stages.current.after?.fitWhole();
          }}
        >
          {trans.__('Fit')}
        </button>
        {onClose && <button onClick={onClose}>{trans.__('End the comparison')}</button>}
      </div>
      <div className="tengen-Graph-body">
        <Differences model={model} trans={trans} />
        {side('before')}
        {side('after')}
        {last.selected !== null && <Details model={last} trans={trans} onSource={onSource} />}
      </div>
    </div>
  );
}

/** Let another stage move as this one is moved: by as much, for what they show has other places. */
function follow(stage: Stage, other: () => Stage | null): void {
  let { scale, x, y } = stage.camera;
  let following = false;
  stage.moved.connect(() => {
    const now = stage.camera;
    const target = other();
    if (target && !following) {
      following = true;
      const factor = now.scale / scale;
      const { camera } = target;
      target.follow({
        scale: camera.scale * factor,
        x: camera.x + (now.x - x) * (scale / camera.scale),
        y: camera.y + (now.y - y) * (scale / camera.scale)
      });
      following = false;
    }
    ({ scale, x, y } = now);
  });
  stage.followed.connect(() => ({ scale, x, y } = stage.camera));
}

function SideTitle({ model, trans }: { model: GraphModel; trans: Texts }): React.ReactElement {
  useSignal(model.changed);
  const { document } = model;
  const form = document?.form ? ` · ${formText(document.form, trans)}` : '';
  return (
    <h2 className="tengen-Graph-sideTitle">
      {document?.name}
      <small>{`${form} · ${trans.__('%1 operators', String(document?.nodes.length ?? 0))}`}</small>
    </h2>
  );
}

function Counts({ model, trans }: { model: CompareModel; trans: Texts }): React.ReactElement {
  const { diff } = model;
  if (!diff) {
    return <span role="status">{trans.__('Comparing…')}</span>;
  }
  const { added, changed, removed } = diff;
  if (!model.differences.length) {
    return <span role="status">{trans.__('Both graphs are the same.')}</span>;
  }
  return (
    <span role="status" className="tengen-Graph-counts">
      <b data-mark="added">{trans.__('+%1 added', String(added.length))}</b>
      <b data-mark="removed">{trans.__('−%1 removed', String(removed.length))}</b>
      <b data-mark="changed">{trans.__('~%1 changed', String(changed.length))}</b>
    </span>
  );
}

function Differences({ model, trans }: { model: CompareModel; trans: Texts }): React.ReactElement {
  const shown = model.differences.slice(0, MOST);
  const more = model.differences.length - shown.length;
  return (
    <nav className="tengen-Graph-outline" aria-label={trans.__('Differences')}>
      <ul className="tengen-Graph-differences">
        {shown.map(difference => (
          <li key={`${difference.before}:${difference.after}`}>
            <button data-mark={difference.mark} onClick={() => void model.choose(difference)}>
              <DifferenceText model={model} difference={difference} />
            </button>
          </li>
        ))}
        {more > 0 && <li>{trans.__('and %1 more', String(more))}</li>}
      </ul>
    </nav>
  );
}

function DifferenceText(props: {
  model: CompareModel;
  difference: Difference;
}): React.ReactElement | null {
  const { difference, model } = props;
  const { after, before } = difference;
  const side = after >= 0 ? model.after : model.before;
  const leaf = after >= 0 ? after : before;
  const graph = side.graph;
  if (!graph) {
    return null;
  }
  const { title } = labelOf(graph.tree, leaf);
  const changes = model.diff?.changed.find(pair => pair.after === after && pair.before === before);
  return (
    <>
      <span>{title}</span>
      <small>{graph.edges.node(leaf)?.group}</small>
      {changes?.changes.slice(0, 3).map(({ after: is, before: was, what }) => (
        <small key={what}>{`${what}: ${was ?? '–'} → ${is ?? '–'}`}</small>
      ))}
    </>
  );
}
