/** Draws what a running kernel holds now, in four states. */

import * as React from 'react';
import type { Source } from '../api/documents.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { failureText } from '../ui/text.ts';
import { formatShare, formatSize } from './format.ts';
import type { Grouping, LiveModel } from './live.ts';
import { kindName } from './words.ts';

/** What the view needs besides its model. */
export interface LiveProps {
  model: LiveModel;
  trans: Texts;
  onSource?: ((source: Source) => void) | undefined;
}

const MOST = 200;

/** The live view. */
export function LiveContent(props: LiveProps): React.ReactElement {
  const { model, trans } = props;
  useSignal(model.changed);
  const { state } = model;
  const again = (
    <button className="jp-mod-styled" onClick={() => void model.refresh()}>
      {trans.__('Look again')}
    </button>
  );
  switch (state.kind) {
    case 'loading':
      return (
        <p className="tengen-Memory-note" role="status">
          {trans.__('Asking the kernel…')}
        </p>
      );
    case 'error':
      return (
        <div className="tengen-Memory-note" role="alert">
          <h2>{trans.__('The kernel could not say what it holds')}</h2>
          <p>{failureText(state.error, trans)}</p>
          {again}
        </div>
      );
    case 'empty':
      return (
        <div className="tengen-Memory-note">
          <h2>{trans.__('No tensors yet')}</h2>
          <p>
            {state.why === 'no-kernel'
              ? trans.__('Open a notebook with a running kernel: this list shows what it holds.')
              : state.why === 'absent'
                ? trans.__(
                    'This kernel has not imported tengen. Once it has tensors, they are listed here by module and by line.'
                  )
                : trans.__('The kernel runs Tengen, and no tensor holds memory now.')}
          </p>
          {again}
        </div>
      );
    case 'full':
      return <Full {...props} />;
  }
}

function Full(props: LiveProps): React.ReactElement {
  const { model, trans, onSource } = props;
  if (model.state.kind !== 'full') {
    return <></>;
  }
  const { used, peak, capacity } = model.state.memory;
  const groups = model.groups;
  const most = groups[0]?.bytes ?? 1;
  const choices: [Grouping, string][] = [
    ['module', trans.__('By module')],
    ['cell', trans.__('By cell')],
    ['line', trans.__('By line')],
    ['tensor', trans.__('By tensor')]
  ];
  return (
    <div className="tengen-Memory-page">
      <div className="tengen-Memory-headline">
        <h2>{trans.__('%1 held now', formatSize(used))}</h2>
        <span>
          {trans.__('peak %1', formatSize(peak))} · {trans.__('of %1', formatSize(capacity))}
        </span>
        <button className="jp-mod-styled" onClick={() => void model.refresh()}>
          {trans.__('Look again')}
        </button>
      </div>
      <div className="tengen-Memory-gauge" aria-hidden="true">
        <i style={{ width: `${Math.min(100, (100 * peak) / capacity)}%` }} />
        <i style={{ width: `${Math.min(100, (100 * used) / capacity)}%` }} />
      </div>
      <div className="tengen-Memory-tablehead" role="group" aria-label={trans.__('Group')}>
        {choices.map(([grouping, label]) => (
          <button
            key={grouping}
            aria-pressed={model.grouping === grouping}
            onClick={() => model.setGrouping(grouping)}
          >
            {label}
          </button>
        ))}
        <span>{model.updated?.toLocaleTimeString()}</span>
      </div>
      <table className="tengen-Memory-groups tengen-Memory-live">
        <tbody>
          {groups.slice(0, MOST).map(({ name, bytes, blocks, kinds, linked, origin }) => (
            <tr key={name} data-linked={linked || undefined}>
              <th scope="row" title={origin.source?.text}>
                {model.grouping === 'line' && origin.source && onSource ? (
                  <button
                    className="tengen-Memory-link"
                    onClick={() => origin.source && onSource(origin.source)}
                  >
                    {name} <code>{origin.source.text}</code>
                  </button>
                ) : (
                  name || trans.__('elsewhere')
                )}
              </th>
              <td>
                <span
                  className="tengen-Memory-bar"
                  style={{ width: `${(100 * bytes) / most}%` }}
                  title={[...kinds]
                    .map(([kind, size]) => `${kindName(kind, trans)} ${formatSize(size)}`)
                    .join(', ')}
                >
                  {[...kinds].map(([kind, size]) => (
                    <i key={kind} data-kind={kind} style={{ flexGrow: size }} />
                  ))}
                </span>
              </td>
              <td>{blocks > 1 && `× ${blocks}`}</td>
              <td>
                {formatSize(bytes)} · {formatShare(bytes, used)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {groups.length > MOST && <p>{trans.__('and %1 more', groups.length - MOST)}</p>}
    </div>
  );
}
