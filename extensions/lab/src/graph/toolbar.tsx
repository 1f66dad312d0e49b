/** The row of controls above a graph. */

import * as React from 'react';
import { type Texts, useSignal } from '../ui/signals.ts';
import { COLOUR_CHOICES, type ColourBy } from './colouring.ts';
import type { Reach } from './highlight.ts';
import type { GraphModel } from './model.ts';
import { earliest } from './passes.ts';

/** What the buttons do beyond the model. */
export interface ToolbarActions {
  fit(): void;
  zoom(factor: number): void;
  exportAs(kind: 'svg' | 'png'): void;
  /** Show the graph before and after the pass side by side. */
  comparePass(): void;
  /** Ask for another graph to compare with; absent where there is none to choose. */
  compare?: (() => void) | undefined;
  toggleOutline(): void;
  toggleDetails(): void;
}

/** The controls of a model that has a graph. */
export function Toolbar(props: {
  model: GraphModel;
  trans: Texts;
  actions: ToolbarActions;
  panels: { outline: boolean; details: boolean };
}): React.ReactElement {
  const { actions, model, panels, trans } = props;
  useSignal(model.changed);
  return (
    <div className="tengen-Graph-toolbar" role="toolbar" aria-label={trans.__('Graph')}>
      <Toggle on={panels.outline} label={trans.__('Outline')} act={() => actions.toggleOutline()} />
      <Choice
        label={trans.__('Colour by')}
        value={model.looks.by}
        options={COLOUR_CHOICES.map(by => [by, colourName(by, trans)])}
        choose={by => model.setColourBy(by as ColourBy)}
      />
      <Choice
        label={trans.__('Light up')}
        value={model.reach}
        options={[
          ['near', trans.__('neighbours')],
          ['up', trans.__('all it needs')],
          ['down', trans.__('all that needs it')],
          ['both', trans.__('the whole path')]
        ]}
        choose={reach => model.setReach(reach as Reach)}
      />
      <Depth model={model} trans={trans} />
      <label className="tengen-Graph-check">
        <input
          type="checkbox"
          checked={model.foldRepeats}
          onChange={event => void model.setFoldRepeats(event.target.checked)}
        />
        {trans.__('Fold repeats')}
      </label>
      <Passes model={model} trans={trans} comparePass={() => actions.comparePass()} />
      <span className="tengen-Graph-gap" />
      {model.busy && <span role="status">{trans.__('Laying out…')}</span>}
      {actions.compare && (
        <button onClick={() => actions.compare?.()}>{trans.__('Compare with…')}</button>
      )}
      <button aria-label={trans.__('Zoom out')} onClick={() => actions.zoom(0.8)}>
        −
      </button>
      <button aria-label={trans.__('Zoom in')} onClick={() => actions.zoom(1.25)}>
        +
      </button>
      <button onClick={() => actions.fit()}>{trans.__('Fit')}</button>
      <button onClick={() => actions.exportAs('svg')}>SVG</button>
      <button onClick={() => actions.exportAs('png')}>PNG</button>
      <Toggle on={panels.details} label={trans.__('Details')} act={() => actions.toggleDetails()} />
    </div>
  );
}

/** The name of a colouring for people. */
export function colourName(by: ColourBy, trans: Texts): string {
  switch (by) {
    case 'family':
      return trans.__('kind of operator');
    case 'ms':
      return trans.__('time');
    case 'bytes':
      return trans.__('memory');
    case 'flops':
      return trans.__('work (FLOPs)');
    case 'dtype':
      return trans.__('data type');
    case 'layout':
      return trans.__('layout in memory');
    case 'phase':
      return trans.__('phase');
  }
}

function Toggle(props: { on: boolean; label: string; act(): void }): React.ReactElement {
  return (
    <button aria-pressed={props.on} onClick={() => props.act()}>
      {props.label}
    </button>
  );
}

function Choice(props: {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  choose(value: string): void;
}): React.ReactElement {
  return (
    <label className="tengen-Graph-choice">
      {props.label}
      <select value={props.value} onChange={event => props.choose(event.target.value)}>
        {props.options.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Depth({ model, trans }: { model: GraphModel; trans: Texts }): React.ReactElement | null {
  const [depth, setDepth] = React.useState<number | null>(null);
  const deepest = model.graph?.tree.deepest ?? 0;
  if (deepest === 0) {
    return null;
  }
  return (
    <label className="tengen-Graph-choice">
      {trans.__('Depth')}
      <input
        type="range"
        min={0}
        max={deepest}
        value={depth ?? Math.min(1, deepest)}
        onChange={event => {
          const value = Number(event.target.value);
          setDepth(value);
          void model.openTo(value);
        }}
      />
    </label>
  );
}

function Passes(props: {
  model: GraphModel;
  trans: Texts;
  comparePass(): void;
}): React.ReactElement | null {
  const { model, trans } = props;
  const { document } = model;
  const passes = document?.passes ?? [];
  const first = document ? earliest(document) : 0;
  if (first >= passes.length) {
    return null;
  }
  const shown = passes[model.pass - 1];
  return (
    <span className="tengen-Graph-passes" role="group" aria-label={trans.__('Compiler passes')}>
      <button
        aria-label={trans.__('Previous pass')}
        disabled={model.pass <= first}
        onClick={() => void model.setPass(model.pass - 1)}
      >
        ‹
      </button>
      <select
        aria-label={trans.__('Compiler passes')}
        value={model.pass}
        onChange={event => void model.setPass(Number(event.target.value))}
      >
        {first === 0 && <option value={0}>{trans.__('as recorded')}</option>}
        {passes.map((pass, i) =>
          i + 1 < first ? null : (
            <option key={i} value={i + 1}>
              {`${i + 1}. ${pass.name}`}
            </option>
          )
        )}
      </select>
      <button
        aria-label={trans.__('Next pass')}
        disabled={model.pass >= passes.length}
        onClick={() => void model.setPass(model.pass + 1)}
      >
        ›
      </button>
      {model.pass > first && (
        <button onClick={() => props.comparePass()}>{trans.__('Side by side')}</button>
      )}
      <span className="tengen-Graph-passNote" title={shown?.summary}>
        {shown?.summary}
      </span>
    </span>
  );
}
