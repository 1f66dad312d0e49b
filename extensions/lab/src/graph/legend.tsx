/** What the colours mean, in a corner of the canvas. */

import * as React from 'react';
import { css, type Palette } from '../ui/canvas/palette.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { failureText } from '../ui/text.ts';
import type { ColourBy } from './colouring.ts';
import { figureText } from './figures.ts';
import type { GraphModel } from './model.ts';
import { colourName } from './toolbar.tsx';
import { shadeColour } from './shades.ts';

const MOST = 8;

/** The legend of the present colouring. */
export function Legend(props: {
  model: GraphModel;
  palette: Palette;
  trans: Texts;
}): React.ReactElement | null {
  const { model, palette, trans } = props;
  useSignal(model.changed);
  const { colouring } = model.looks;
  if (!colouring) {
    return null;
  }
  const legend = colouring.legend();
  const by = colouring.by;
  if (by === 'ms' && (legend.kind === 'none' || model.timing.share !== null)) {
    return <Measuring model={model} trans={trans} />;
  }
  if (legend.kind === 'none') {
    return (
      <div className="tengen-Graph-legend" role="note">
        {trans.__('This graph does not tell: %1.', colourName(by, trans))}
      </div>
    );
  }
  if (legend.kind === 'figure') {
    // The scale is drawn in even steps of colour; colour goes with the square root of the figure.
    const stops = palette.heat.map(
      (rgb, i) => `${css(rgb)} ${(100 * i) / (palette.heat.length - 1)}%`
    );
    const kind = by as 'ms' | 'bytes' | 'flops';
    return (
      <div className="tengen-Graph-legend" role="note" aria-label={colourName(by, trans)}>
        <span>0</span>
        <span
          className="tengen-Graph-scale"
          style={{ background: `linear-gradient(90deg, ${stops.join()})` }}
        >
          <i>{figureText(kind, legend.largest / 4)}</i>
        </span>
        <span>{figureText(kind, legend.largest)}</span>
      </div>
    );
  }
  const classes = legend.classes.slice(0, MOST);
  return (
    <div className="tengen-Graph-legend" role="note" aria-label={colourName(by, trans)}>
      {classes.map(({ name, number }) => (
        <span key={name}>
          <i style={{ background: css(shadeColour(palette, { class: number }) ?? palette.text) }} />
          {className(by, name, trans)}
        </span>
      ))}
    </div>
  );
}

/** Times that are being measured, or could be. */
function Measuring({ model, trans }: { model: GraphModel; trans: Texts }): React.ReactElement {
  const { failure, possible, share } = model.timing;
  if (share !== null) {
    return (
      <div className="tengen-Graph-legend" role="status">
        <span>{trans.__('Measuring the times…')}</span>
        <progress value={share || undefined} aria-label={trans.__('Measuring the times…')} />
        <button onClick={() => model.timing.cancel()}>{trans.__('Cancel')}</button>
      </div>
    );
  }
  return (
    <div className="tengen-Graph-legend" role="note">
      {failure !== null ? (
        <span role="alert">{failureText(failure, trans)}</span>
      ) : (
        <span>{trans.__('Nobody has measured the times of this graph.')}</span>
      )}
      {possible && <button onClick={() => void model.measure()}>{trans.__('Measure')}</button>}
    </div>
  );
}

function className(by: ColourBy, name: string, trans: Texts): string {
  if (by !== 'family') {
    return name;
  }
  switch (name) {
    case 'matrix':
      return trans.__('matrix products');
    case 'normalisation':
      return trans.__('normalisation');
    case 'activation':
      return trans.__('activation');
    case 'elementwise':
      return trans.__('elementwise');
    case 'reduction':
      return trans.__('reduction');
    case 'shape':
      return trans.__('shape and copy');
    case 'update':
      return trans.__('update');
    default:
      return trans.__('other');
  }
}
