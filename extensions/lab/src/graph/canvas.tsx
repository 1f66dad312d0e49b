/** The stage as a React element, with its tooltip, legend and spoken description. */

import * as React from 'react';
import type { Palette } from '../ui/canvas/palette.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { labelOf, spokenLabel } from './describe.ts';
import { figureText } from './figures.ts';
import { Legend } from './legend.tsx';
import type { GraphModel } from './model.ts';
import { Stage } from './stage.ts';
import type { Item } from './tree.ts';

/** A model's picture; `onStage` hands out the stage when there is one. */
export function GraphCanvas(props: {
  model: GraphModel;
  trans: Texts;
  label: string;
  onStage(stage: Stage | null): void;
  onLeaf(item: Item): void;
  onSearch(): void;
}): React.ReactElement {
  const { label, model, trans } = props;
  const element = React.useRef<HTMLDivElement>(null);
  const latest = React.useRef(props);
  latest.current = props;
  const [hovered, setHovered] = React.useState<{ item: Item; x: number; y: number } | null>(null);
  const [palette, setPalette] = React.useState<Palette | null>(null);
  const stageRef = React.useRef<Stage | null>(null);
  React.useEffect(() => {
    if (!element.current) {
      return;
    }
    const stage = new Stage(element.current, model, {
      onLeaf: item => latest.current.onLeaf(item),
      onSearch: () => latest.current.onSearch(),
      onHover: (item, x, y) => setHovered(item === null ? null : { item, x, y }),
      onTheme: theme => setPalette(theme)
    });
    stageRef.current = stage;
    setPalette(stage.palette);
    latest.current.onStage(stage);
    return () => {
      stageRef.current = null;
      latest.current.onStage(null);
      stage.dispose();
    };
  }, [model]);
  useSignal(model.changed);
  const spoken = spokenLabel(model.graph?.tree, model.selected);
  return (
    <div
      ref={element}
      className="tengen-Graph-canvas"
      tabIndex={0}
      role="application"
      aria-roledescription={trans.__('graph')}
      aria-label={label}
    >
      <div className="tengen-Graph-spoken" aria-live="polite">
        {spoken}
      </div>
      <LinkedNote model={model} trans={trans} />
      {palette && <Legend model={model} palette={palette} trans={trans} />}
      {hovered && <Tooltip model={model} trans={trans} {...hovered} />}
    </div>
  );
}

/** How much of the graph is chosen in another view, and the way there. */
function LinkedNote(props: { model: GraphModel; trans: Texts }): React.ReactElement | null {
  const { model, trans } = props;
  const { leaves } = model.linked;
  const first = leaves[0];
  if (first === undefined || !model.graph) {
    return null;
  }
  const [some, all] = [leaves.length, model.graph.document.nodes.length].map(count =>
    count.toLocaleString('en')
  );
  return (
    <div className="tengen-Graph-linked" role="status">
      <span>{trans.__('Chosen elsewhere: %1 of %2 operators', some, all)}</span>
      <button onClick={() => void model.open(first)}>{trans.__('Show')}</button>
    </div>
  );
}

function Tooltip(props: {
  model: GraphModel;
  trans: Texts;
  item: Item;
  x: number;
  y: number;
}): React.ReactElement | null {
  const { item, model, trans, x, y } = props;
  const tree = model.graph?.tree;
  if (!tree) {
    return null;
  }
  const { subtitle, title } = labelOf(tree, item);
  const group = tree.group(item);
  const figures = tree.figures(item);
  const path = group?.path ?? tree.edges.node(item)?.group ?? '';
  const facts = (['ms', 'flops', 'bytes'] as const)
    .filter(kind => figures[kind] !== null)
    .map(kind => figureText(kind, figures[kind]));
  return (
    <div className="tengen-Graph-tooltip" style={{ left: x + 14, top: y + 16 }} aria-hidden="true">
      <strong>{title}</strong>
      {(path || subtitle) && <div>{path || subtitle}</div>}
      {group && <div>{trans.__('%1 operators', String(group.leaves))}</div>}
      {facts.length > 0 && <div>{facts.join(' · ')}</div>}
    </div>
  );
}
