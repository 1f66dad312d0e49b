/** The panels beside the tracks: the moment explained, the chosen block, and will it fit. */

import type { Texts } from '../ui/signals.ts';
import * as React from 'react';
import type { Source } from '../api/documents.ts';
import { formatShare, formatSize } from './format.ts';
import type { MemoryModel } from './model.ts';
import { place } from './rows.ts';
import { adviceText, kindName } from './words.ts';

interface PanelProps {
  model: MemoryModel;
  trans: Texts;
  onSource?: ((source: Source) => void) | undefined;
}

const MOST_GROUPS = 12;

/** Who holds the memory at the cursor, and what of it could be freed. */
export function MomentPanel({ model, trans }: PanelProps): React.ReactElement {
  const timeline = model.activeTimeline;
  const found = model.explanation;
  if (!timeline || !found) {
    return <></>;
  }
  const { kinds, origins } = timeline.document;
  const atPeak = found.time === timeline.peak.time;
  const running = origins[found.running];
  const most = found.groups[0]?.bytes ?? 1;
  const where = running ? [running.op, running.module].filter(Boolean).join(' · ') : '';
  return (
    <section className="tengen-Memory-panel" aria-live="polite">
      <h3>
        {atPeak
          ? trans.__('At the peak: %1', formatSize(found.bytes))
          : trans.__('At the cursor: %1', formatSize(found.bytes))}
      </h3>
      <p>{where && trans.__('after %1', where)}</p>
      <ul className="tengen-Memory-shares">
        {kinds.map((kind, number) => {
          const bytes = found.totals[number] ?? 0;
          return bytes > 0 ? (
            <li key={kind} data-kind={kind}>
              {kindName(kind, trans)} <b>{formatShare(bytes, found.bytes)}</b>{' '}
              <span>{formatSize(bytes)}</span>
            </li>
          ) : null;
        })}
      </ul>
      <div className="tengen-Memory-depth">
        <h4>{trans.__('By module')}</h4>
        <button
          aria-label={trans.__('Coarser modules')}
          disabled={model.depth <= 1}
          onClick={() => model.setDepth(model.depth - 1)}
        >
          −
        </button>
        <button
          aria-label={trans.__('Finer modules')}
          onClick={() => model.setDepth(model.depth + 1)}
        >
          +
        </button>
      </div>
      <table className="tengen-Memory-groups">
        <tbody>
          {found.groups.slice(0, MOST_GROUPS).map(group => (
            <tr key={group.module}>
              <th scope="row">
                <button
                  className="tengen-Memory-cell"
                  title={trans.__('Show only this module')}
                  disabled={!group.module}
                  onClick={() =>
                    model.focus.setSearch(model.focus.search === group.module ? '' : group.module)
                  }
                >
                  {group.module || trans.__('outside modules')}
                </button>
              </th>
              <td>
                <span
                  className="tengen-Memory-bar"
                  style={{ width: `${(100 * group.bytes) / most}%` }}
                >
                  {kinds.map((kind, number) =>
                    group.kinds[number] ? (
                      <i key={kind} data-kind={kind} style={{ flexGrow: group.kinds[number] }} />
                    ) : null
                  )}
                </span>
              </td>
              <td>{formatSize(group.bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.groups.length > MOST_GROUPS && (
        <p>{trans.__('and %1 more', found.groups.length - MOST_GROUPS)}</p>
      )}
      {found.advice.length > 0 && <h4>{trans.__('What could be freed')}</h4>}
      <ul className="tengen-Memory-advice">
        {found.advice.slice(0, 3).map(advice => (
          <li key={advice.what}>{adviceText(advice, trans)}</li>
        ))}
      </ul>
    </section>
  );
}

/** All that is known of the chosen block. */
export function BlockPanel({ model, trans, onSource }: PanelProps): React.ReactElement | null {
  const choice = model.selected;
  const timeline = choice && model.tracks[choice.track]?.timeline;
  if (!choice || !timeline) {
    return null;
  }
  const { block } = choice;
  const origin = timeline.originOf(block);
  const kind = timeline.document.kinds[timeline.kind[block] as number];
  const birth = timeline.birth[block] as number;
  const death = timeline.death[block] as number;
  const source = origin.source;
  const life = [
    birth <= timeline.start ? trans.__('before') : String(birth),
    death >= timeline.stop ? trans.__('to the end') : String(death)
  ].join(' → ');
  const address = timeline.address[block] as number;
  const rows: [string, React.ReactNode][] = [
    [trans.__('Operator'), origin.op],
    [trans.__('Module'), origin.module],
    [trans.__('Shape'), timeline.shapeOf(block)],
    [trans.__('Kind'), kind && kindName(kind, trans)],
    [trans.__('Size'), formatSize(timeline.bytes[block] as number)],
    [trans.__('Lives'), life],
    [trans.__('Address'), address < 0 ? '' : `0x${address.toString(16)}`]
  ];
  return (
    <section className="tengen-Memory-panel tengen-Memory-block">
      <h3>
        {timeline.tensorOf(block) || origin.op}
        <button
          className="tengen-Memory-close"
          aria-label={trans.__('Close')}
          onClick={() => model.select(null)}
        >
          ×
        </button>
      </h3>
      <dl>
        {rows.map(([name, value]) =>
          value ? (
            <React.Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </React.Fragment>
          ) : null
        )}
      </dl>
      {source && (
        <p>
          {onSource ? (
            <button className="tengen-Memory-link" onClick={() => onSource(source)}>
              {place(source)}
            </button>
          ) : (
            <span>{place(source)}</span>
          )}
          <code>{source.text}</code>
        </p>
      )}
    </section>
  );
}

/** The peak for another batch size, against the capacity. */
export function FitPanel({ model, trans }: PanelProps): React.ReactElement | null {
  const timeline = model.activeTimeline;
  const { batch, capacity } = model;
  const { peak, largest } = batch;
  if (!timeline || peak === null || batch.size === null) {
    return null;
  }
  const fits = capacity === null || peak <= capacity;
  return (
    <div className="tengen-Memory-fit" role="group" aria-label={trans.__('Will it fit?')}>
      <label>
        {trans.__('batch')}
        <input
          type="number"
          min={1}
          value={batch.size}
          onChange={event => batch.ask(event.currentTarget.valueAsNumber)}
        />
      </label>
      <output data-fits={fits}>
        {batch.isOther ? `≈ ${formatSize(peak)}` : formatSize(peak)}{' '}
        {capacity !== null && (fits ? trans.__('fits ✓') : trans.__('does not fit ✗'))}
      </output>
      {capacity !== null && (
        <span>
          {trans.__('of %1', formatSize(capacity))}
          {largest !== null && ` · ${trans.__('up to batch %1', largest.toLocaleString('en'))}`}
        </span>
      )}
      <span
        className="tengen-Memory-hint"
        title={trans.__(
          'Predicted from one run at batch %1: blocks whose first axis is the batch grow with it.',
          timeline.document.batch ?? ''
        )}
      >
        {batch.isOther ? trans.__('estimated') : trans.__('measured')}
      </span>
    </div>
  );
}
