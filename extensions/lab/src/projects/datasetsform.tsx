/** The data-set dialog: what there is, what it looks like, and how more is registered. */

import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';
import type { DatasetEntry, DatasetRequest, Preview } from '../api/types.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { failureText, formatBytes } from '../ui/text.ts';
import type { DatasetsModel } from './datasets.ts';
import { stated } from './words.ts';

interface Props {
  model: DatasetsModel;
  trans: Texts;
}

/** The dialog's body. */
export class DatasetsForm extends ReactWidget {
  private readonly _props: Props;

  constructor(props: Props) {
    super();
    this._props = props;
    this.addClass('tengen-Datasets');
  }

  dispose(): void {
    this._props.model.close();
    super.dispose();
  }

  protected render(): React.ReactElement {
    return <Content {...this._props} />;
  }
}

function Content(props: Props): React.ReactElement {
  const { model, trans } = props;
  useSignal(model.changed);
  return (
    <fieldset disabled={model.busy}>
      {model.failure !== null && <p role="alert">{failureText(model.failure, trans)}</p>}
      <input
        type="search"
        className="tengen-Projects-search"
        placeholder={trans.__('Search data sets')}
        aria-label={trans.__('Search data sets')}
        value={model.search}
        onChange={event => void model.find(event.currentTarget.value)}
      />
      <List {...props} />
      <Register {...props} />
    </fieldset>
  );
}

function List(props: Props): React.ReactElement {
  const { model, trans } = props;
  const { state } = model;
  switch (state.kind) {
    case 'loading':
      return <p role="status">{trans.__('Loading the data sets…')}</p>;
    case 'error':
      return (
        <div role="alert">
          <p>{failureText(state.error, trans)}</p>
          <button className="jp-mod-styled" onClick={() => void model.load()}>
            {trans.__('Try again')}
          </button>
        </div>
      );
    case 'empty':
      return (
        <p className="tengen-Projects-faint">
          {state.filtered
            ? trans.__('No data set matches.')
            : trans.__(
                'No data sets yet. Register a folder, a file or an address below; its files are kept once, by checksum.'
              )}
        </p>
      );
    case 'full':
      return (
        <ul className="tengen-Datasets-list">
          {state.items.map(entry => (
            <Entry key={entry.id} entry={entry} {...props} />
          ))}
          {state.next && (
            <li>
              <button onClick={() => void model.loadMore()}>{trans.__('Show more')}</button>
            </li>
          )}
        </ul>
      );
  }
}

function Entry({ model, trans, entry }: Props & { entry: DatasetEntry }): React.ReactElement {
  const { id, name, version, state, files, bytes, licence, progress } = entry;
  const shown = model.preview.kind !== 'none' && model.preview.id === id;
  return (
    <li data-dataset={name} data-state={state}>
      <div>
        <strong title={entry.source}>
          {name} <small>{version}</small>
        </strong>
        <small>
          {[
            state === 'ready' ? trans.__('files: %1', files) : '',
            state === 'ready' ? formatBytes(bytes) : '',
            licence,
            entry.description
          ]
            .filter(Boolean)
            .join(' · ')}
        </small>
      </div>
      {state === 'copying' && (
        <progress max={1} value={progress} aria-label={trans.__('Taking in %1', name)} />
      )}
      {state === 'failed' && <p role="alert">{stated(entry.message, trans)}</p>}
      <div className="tengen-Datasets-verbs">
        {state === 'ready' && (
          <button
            className="jp-mod-styled"
            aria-expanded={shown}
            onClick={() => void model.look(id)}
          >
            {trans.__('Preview')}
          </button>
        )}
        {state === 'ready' && model.mountable && (
          <button
            className="jp-mod-styled jp-mod-accept"
            disabled={model.mounted(id)}
            onClick={() => void model.mount(id)}
          >
            {model.mounted(id) ? trans.__('In the project') : trans.__('Put into the project')}
          </button>
        )}
        <button className="jp-mod-styled" onClick={() => void model.forget(id)}>
          {state === 'copying' ? trans.__('Cancel') : trans.__('Forget')}
        </button>
      </div>
      {shown && <Beginning model={model} trans={trans} />}
    </li>
  );
}

function Beginning({ model, trans }: Props): React.ReactElement {
  const { preview } = model;
  switch (preview.kind) {
    case 'none':
      return <></>;
    case 'loading':
      return <p role="status">{trans.__('Looking into it…')}</p>;
    case 'error':
      return <p role="alert">{failureText(preview.error, trans)}</p>;
    case 'full':
      return <Shown preview={preview.preview} trans={trans} />;
  }
}

function Shown({ preview, trans }: { preview: Preview; trans: Texts }): React.ReactElement {
  const { kind, path, note, columns, rows, pictures, text } = preview;
  return (
    <figure className="tengen-Datasets-preview" data-kind={kind}>
      <figcaption>
        {path} {note && <small>{note}</small>}
      </figcaption>
      {kind === 'nothing' && <p>{trans.__('Files of these kinds cannot be shown here.')}</p>}
      {kind === 'text' && <pre>{text}</pre>}
      {kind === 'pictures' &&
        pictures.map(({ path: name, picture, width, height }) => (
          <img key={name} src={picture} alt={name} title={`${name} (${width} × ${height})`} />
        ))}
      {kind === 'table' && (
        <table>
          {columns.length > 0 && (
            <thead>
              <tr>
                {columns.map((column, index) => (
                  <th key={index} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
          )}
          <tbody>
            {rows.map((row, number) => (
              <tr key={number}>
                {row.map((value, index) => (
                  <td key={index}>{value}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </figure>
  );
}

type Kind = DatasetRequest['kind'];

function Register({ model, trans }: Props): React.ReactElement {
  const [kind, setKind] = React.useState<Kind>('folder');
  const [fields, setFields] = React.useState({ source: '', name: '', sha256: '', licence: '' });
  const change = (part: Partial<typeof fields>): void => setFields({ ...fields, ...part });
  const submit = async (): Promise<void> => {
    const { source, sha256, licence } = fields;
    const name = fields.name || (source.replace(/\/+$/, '').split('/').at(-1) ?? '');
    const taken = await model.register({ kind, source, name, licence, sha256: sha256 || null });
    if (taken) {
      setFields({ source: '', name: '', sha256: '', licence: '' });
    }
  };
  const inputs: [keyof typeof fields, string, string][] = [
    [
      'source',
      kind === 'url' ? trans.__('Address') : trans.__('Path'),
      kind === 'url' ? 'https://' : ''
    ],
    ['name', trans.__('Name'), ''],
    ['licence', trans.__('Licence'), ''],
    ['sha256', trans.__('SHA-256, if it is known'), '']
  ];
  const kinds: [Kind, string][] = [
    ['folder', trans.__('a folder')],
    ['file', trans.__('a file')],
    ['url', trans.__('an address')]
  ];
  return (
    <details className="tengen-Datasets-new" open={model.state.kind === 'empty'}>
      <summary>{trans.__('Register a data set')}</summary>
      <label>
        {trans.__('From')}
        <select
          className="jp-mod-styled"
          value={kind}
          onChange={event => setKind(event.currentTarget.value as Kind)}
        >
          {kinds.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {inputs.map(([field, label, placeholder]) => (
        <label key={field}>
          {label}
          <input
            className="jp-mod-styled"
            name={field}
            placeholder={placeholder}
            value={fields[field]}
            onChange={event => change({ [field]: event.currentTarget.value })}
          />
        </label>
      ))}
      <button
        className="jp-mod-styled jp-mod-accept"
        disabled={!fields.source}
        onClick={() => void submit()}
      >
        {trans.__('Register')}
      </button>
    </details>
  );
}
