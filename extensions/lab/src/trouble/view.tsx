/** Draws the cards: memory that ran out, and a kernel that died. */

import * as React from 'react';
import type { KernelDeath, Source, Way } from '../api/documents.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { failureText, formatBytes } from '../ui/text.ts';
import { exactTime } from '../ui/time.ts';
import { type CardModel, type Held, ordered } from './model.ts';
import { type LinePlace, Place } from './place.tsx';
import { deathAdvice, deathTitle, limitName, wayFigures, wayTitle } from './words.ts';

/** What the cards can have done. */
export interface CardActions {
  /** Show a line of the user's. */
  show(source: Source): void;
  /** How the notebook calls the place of a line. */
  placeOf(source: Source): LinePlace;
  /** Add a cell with this code above the card's own; null where there is no notebook. */
  insert: ((code: string) => void) | null;
  openMemory(): void;
  makeStatic(): void;
  runAbove: (() => void) | null;
}

interface Props {
  actions: CardActions;
  trans: Texts;
}

const MOST = 8;

/** Memory that ran out. */
export function MemoryCard(props: Props & { model: CardModel }): React.ReactElement {
  const { model, actions, trans } = props;
  const { asked, used, capacity } = model.trouble;
  const rest = model.rest(MOST);
  return (
    <section className="tengen-Trouble" aria-label={trans.__('Memory ran out')}>
      <h3>{trans.__('Memory ran out: %1 more do not fit', formatBytes(asked))}</h3>
      <p>
        {trans.__('%1 of %2 are in use.', formatBytes(used), formatBytes(capacity))}{' '}
        {trans.__('What is computed so far is still there; only this call ended.')}
      </p>
      <div className="tengen-Trouble-gauge" aria-hidden="true">
        <i style={{ width: `${Math.min(100, (100 * used) / (used + asked))}%` }} />
        <i style={{ width: `${Math.min(100, (100 * asked) / (used + asked))}%` }} />
        <b style={{ left: `${Math.min(100, (100 * capacity) / (used + asked))}%` }} />
      </div>
      <h4>{trans.__('What would fit')}</h4>
      <Ways {...props} />
      <h4>{trans.__('Who holds memory')}</h4>
      <table>
        <tbody>
          {model.holders(MOST).map((holder, index) => (
            <HolderRow key={index} holder={holder} {...props} />
          ))}
          {rest > 0 && (
            <tr>
              <td>{trans.__('everything else')}</td>
              <td />
              <td>{formatBytes(rest)}</td>
            </tr>
          )}
        </tbody>
      </table>
      <p className="tengen-Trouble-verbs">
        <button className="jp-mod-styled" onClick={actions.openMemory}>
          {trans.__('Memory of the kernel')}
        </button>
        <button className="jp-mod-styled" onClick={actions.makeStatic}>
          {trans.__('Make static')}
        </button>
      </p>
    </section>
  );
}

function HolderRow({ holder, actions, trans }: Props & { holder: Held }): React.ReactElement {
  const { tensor, shape, from, bytes, blocks } = holder;
  const what = [tensor || from.op, shape].filter(Boolean).join(' ');
  return (
    <tr>
      <th scope="row">
        {what} {blocks > 1 && <small>{trans.__('%1 blocks', blocks)}</small>}
      </th>
      <td>
        {from.module && <span>{from.module} </span>}
        {from.source && (
          <Place
            source={from.source}
            place={actions.placeOf(from.source)}
            onSource={actions.show}
          />
        )}
      </td>
      <td>{formatBytes(bytes)}</td>
    </tr>
  );
}

function Ways(props: Props & { model: CardModel }): React.ReactElement {
  const { model, trans } = props;
  useSignal(model.changed);
  const { advice } = model;
  switch (advice.kind) {
    case 'none':
      return model.askable ? (
        <p>
          <button className="jp-mod-styled" onClick={() => void model.ask()}>
            {trans.__('Ask the kernel')}
          </button>
        </p>
      ) : (
        <p>{trans.__('Open the notebook with its kernel to see what would fit.')}</p>
      );
    case 'asking':
      return <p role="status">{trans.__('Looking at smaller batches and other forms…')}</p>;
    case 'gone':
      return (
        <p>
          {trans.__('The kernel does not know this call any more. Run the cell again to see it.')}
        </p>
      );
    case 'error':
      return (
        <p role="alert">
          {failureText(advice.error, trans)}{' '}
          <button className="jp-mod-styled" onClick={() => void model.ask()}>
            {trans.__('Try again')}
          </button>
        </p>
      );
    case 'told':
      return <Told {...props} />;
  }
}

function Told(props: Props & { model: CardModel }): React.ReactElement {
  const { model, trans } = props;
  if (model.advice.kind !== 'told') {
    return <></>;
  }
  const { target, batch, bytes, capacity, ways, reason } = model.advice.advice;
  return (
    <>
      <p>
        {batch !== null
          ? trans.__('%1 with a batch of %2', target, batch)
          : trans.__('A call of %1', target)}
        {bytes !== null && ` · ${trans.__('needs about %1', formatBytes(bytes))}`}
      </p>
      {reason && <p>{trans.__('Nothing can be predicted: %1', reason)}</p>}
      {!ways.length && <p>{trans.__('Nothing smaller was found.')}</p>}
      <ul className="tengen-Trouble-ways">
        {ordered(ways).map((way, index) => (
          <WayLine key={index} way={way} capacity={capacity} {...props} />
        ))}
      </ul>
    </>
  );
}

function WayLine({
  way,
  capacity,
  actions,
  trans
}: Props & { way: Way; capacity: number }): React.ReactElement {
  const { insert } = actions;
  const code = way.code ?? '';
  return (
    <li data-kind={way.kind} data-fits={way.fits}>
      <span aria-hidden="true">{way.fits ? '✓' : '✗'}</span>
      <div>
        <strong>{wayTitle(way, trans)}</strong> <span>{wayFigures(way, capacity, trans)}</span>
        {code && <code>{code}</code>}
      </div>
      {code && insert && (
        <button
          className="jp-mod-styled"
          title={trans.__('Adds a cell with this code above; nothing runs')}
          aria-label={trans.__('Insert: %1', code)}
          onClick={() => insert(code)}
        >
          {trans.__('Insert')}
        </button>
      )}
    </li>
  );
}

/** A kernel that died. */
export function DeathCard({
  death,
  actions,
  trans
}: Props & { death: KernelDeath }): React.ReactElement {
  const { peak = null, limit = null, held = null, capacity = null, ran = null } = death;
  const { stack = [], exact, age } = death;
  const rows: [string, string][] = [];
  if (peak !== null) {
    const of = limit === null ? '' : limitName(death.limit_kind, limit, trans);
    rows.push([trans.__('Most memory'), `${formatBytes(peak)} ${of}`]);
  }
  if (held !== null && capacity !== null) {
    rows.push([
      trans.__('Tensors held'),
      trans.__('%1 of %2', formatBytes(held), formatBytes(capacity))
    ]);
  }
  if (ran !== null) {
    rows.push([trans.__('The cell ran for'), `${ran} s`]);
  }
  return (
    <section
      className="tengen-Trouble"
      data-cause={death.cause}
      aria-label={deathTitle(death, trans)}
    >
      <h3 title={exactTime(death.time)}>{deathTitle(death, trans)}</h3>
      <p>{deathAdvice(death, trans)}</p>
      <p>
        {trans.__(
          'The notebook and its outputs are as they were; what variables held is gone. The kernel starts anew.'
        )}
      </p>
      {rows.length > 0 && (
        <table>
          <tbody>
            {rows.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {stack.length > 0 && (
        <>
          <h4>
            {exact
              ? trans.__('Where it crashed')
              : trans.__('Where it was, %1 s before its end was seen', age ?? '?')}
          </h4>
          <ol className="tengen-Trouble-stack">
            {stack.map((source, index) => (
              <li key={index}>
                <Place source={source} place={actions.placeOf(source)} onSource={actions.show} />
              </li>
            ))}
          </ol>
        </>
      )}
      {actions.runAbove && (
        <p className="tengen-Trouble-verbs">
          <button className="jp-mod-styled" onClick={actions.runAbove}>
            {trans.__('Run the cells above again')}
          </button>
        </p>
      )}
    </section>
  );
}
