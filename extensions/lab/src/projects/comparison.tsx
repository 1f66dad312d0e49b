/** The comparison in the main area: two sides to choose, the files, and the chosen file. */

import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';
import { type Texts, useSignal } from '../ui/signals.ts';
import { failureText } from '../ui/text.ts';
import type { CompareModel } from './compare.ts';
import { Difference } from './difference.tsx';

interface ComparisonProps {
  model: CompareModel;
  trans: Texts;
  /** Whether there is a folder to compare with. */
  folder: boolean;
  onRestoreFile?: ((version: number, path: string) => void) | undefined;
}

/** The comparison as a widget. */
export class ComparisonPanel extends ReactWidget {
  private readonly _props: ComparisonProps;

  constructor(props: ComparisonProps) {
    super();
    this._props = props;
    this.addClass('tengen-Diff');
  }

  protected render(): React.ReactElement {
    return <Comparison {...this._props} />;
  }
}

const FOLDER = 'folder';

function Comparison(props: ComparisonProps): React.ReactElement {
  const { model, trans, folder } = props;
  useSignal(model.changed);
  const { sides, newest } = model;
  const numbers = Array.from({ length: newest }, (_, index) => newest - index);
  const name = (number: number): string => trans.__('version %1', number);
  return (
    <div className="tengen-Diff-page">
      <div className="tengen-Diff-sides">
        <label>
          {trans.__('from')}{' '}
          <select
            value={sides.from ?? newest}
            onChange={event =>
              void model.compare({ ...sides, from: Number(event.currentTarget.value) })
            }
          >
            {numbers.map(number => (
              <option key={number} value={number}>
                {name(number)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {trans.__('to')}{' '}
          <select
            value={sides.folder ? FOLDER : (sides.to ?? newest)}
            onChange={event => {
              const { value } = event.currentTarget;
              const to = value === FOLDER ? null : Number(value);
              void model.compare({ from: sides.from ?? null, to, folder: value === FOLDER });
            }}
          >
            {folder && <option value={FOLDER}>{trans.__('the folder now')}</option>}
            {numbers.map(number => (
              <option key={number} value={number}>
                {name(number)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Files {...props} />
    </div>
  );
}

function Files(props: ComparisonProps): React.ReactElement {
  const { model, trans, onRestoreFile } = props;
  const { state, sides } = model;
  switch (state.kind) {
    case 'loading':
      return <p role="status">{trans.__('Comparing…')}</p>;
    case 'error':
      return (
        <div role="alert">
          <p>{trans.__('The versions could not be compared')}</p>
          <p>{failureText(state.error, trans)}</p>
          <button className="jp-mod-styled" onClick={() => void model.load()}>
            {trans.__('Try again')}
          </button>
        </div>
      );
    case 'empty':
      return <p>{trans.__('Both sides are the same.')}</p>;
    case 'full': {
      const from = state.page.from_version;
      const { path } = model;
      return (
        <div className="tengen-Diff-body">
          <ul className="tengen-Diff-files">
            {state.page.items.map(change => (
              <li key={change.path}>
                <button
                  aria-current={change.path === path}
                  data-status={change.status}
                  title={change.old_path ?? change.path}
                  onClick={() => void model.choose(change)}
                >
                  {change.path}
                </button>
              </li>
            ))}
            {state.page.next && (
              <li>
                <button onClick={() => void model.loadMore()}>{trans.__('Show more')}</button>
              </li>
            )}
          </ul>
          <div className="tengen-Diff-file">
            {path && (
              <div className="tengen-Diff-title">
                <h2>{path}</h2>
                {onRestoreFile && sides.folder && (
                  <button className="jp-mod-styled" onClick={() => onRestoreFile(from, path)}>
                    {trans.__('Bring back this file of version %1', from)}
                  </button>
                )}
              </div>
            )}
            <File {...props} />
          </div>
        </div>
      );
    }
  }
}

function File({ model, trans }: ComparisonProps): React.ReactElement {
  const { file } = model;
  switch (file.kind) {
    case 'none':
      return <></>;
    case 'loading':
      return <p role="status">{trans.__('Comparing…')}</p>;
    case 'error':
      return <p role="alert">{failureText(file.error, trans)}</p>;
    case 'full':
      return <Difference diff={file.diff} trans={trans} />;
  }
}
