/** The budget slider over the curve of memory against speed, and "Measure here". */

import type { Texts } from '../ui/signals.ts';
import * as React from 'react';
import { failureText } from '../ui/text.ts';
import { expectedAt, slowdown, sortedPoints } from './budget.ts';
import { formatMs, formatSize } from './format.ts';
import type { MemoryModel } from './model.ts';

const WIDTH = 360;
const HEIGHT = 72;

/** The slider; nothing where no curve is known. */
export function BudgetPanel(props: {
  model: MemoryModel;
  trans: Texts;
}): React.ReactElement | null {
  const { model, trans } = props;
  const { curve, measuring } = model.budget;
  const points = curve ? sortedPoints(curve) : [];
  const low = points[0]?.budget;
  const high = points.at(-1)?.budget;
  if (!curve || low === undefined || high === undefined) {
    return null;
  }
  const chosen = Math.min(Math.max(curve.chosen ?? high, low), high);
  const here = expectedAt(points, chosen);
  const slower = here ? Math.round(100 * slowdown(points, here)) : 0;
  const slowest = Math.max(...points.map(point => point.ms));
  const fastest = Math.min(...points.map(point => point.ms));
  const across = (budget: number): number =>
    8 + ((budget - low) / Math.max(high - low, 1)) * (WIDTH - 16);
  const down = (ms: number): number =>
    HEIGHT - 10 - ((ms - fastest) / Math.max(slowest - fastest, 1e-9)) * (HEIGHT - 22);
  const measured = points.filter(point => point.measured).length;
  return (
    <section className="tengen-Memory-budget" aria-label={trans.__('Budget')}>
      <h3>{trans.__('Budget')}</h3>
      <div>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={trans.__('Time by budget')}>
          <polyline
            points={points.map(point => `${across(point.budget)},${down(point.ms)}`).join(' ')}
          />
          {points.map(point => (
            <circle
              key={point.budget}
              cx={across(point.budget)}
              cy={down(point.ms)}
              r={4}
              data-measured={point.measured}
            >
              <title>
                {`${formatSize(point.budget)} · ${formatMs(point.ms)} · ${
                  point.measured ? trans.__('measured') : trans.__('estimated')
                }`}
              </title>
            </circle>
          ))}
          {here && <line x1={across(chosen)} x2={across(chosen)} y1={4} y2={HEIGHT - 4} />}
        </svg>
        <input
          type="range"
          aria-label={trans.__('Budget')}
          aria-valuetext={formatSize(chosen)}
          min={low}
          max={high}
          step={Math.max(1, Math.round((high - low) / 200))}
          value={chosen}
          onChange={event => model.budget.choose(event.currentTarget.valueAsNumber)}
        />
      </div>
      <p>
        <b>{formatSize(chosen)}</b> →{' '}
        {slower > 0 ? trans.__('+%1% time', slower) : trans.__('no slower')}
        {here && ` · ${here.measured ? '' : '≈ '}${formatMs(here.ms)}`}
        <br />
        {trans.__('%1 of %2 points measured ●, the rest estimated ○', measured, points.length)}
      </p>
      {model.budget.canMeasure &&
        (measuring === null ? (
          <button
            className="jp-mod-styled"
            disabled={here?.measured === true}
            onClick={() => void model.budget.measure()}
          >
            {trans.__('Measure here')}
          </button>
        ) : (
          <button className="jp-mod-styled" onClick={() => model.budget.cancel()}>
            {trans.__('Measuring %1 … Cancel', formatSize(measuring))}
          </button>
        ))}
      {model.budget.failure !== null && (
        <p role="alert">{failureText(model.budget.failure, trans)}</p>
      )}
    </section>
  );
}
