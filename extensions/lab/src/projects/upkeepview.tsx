/** A project's data sets, and whether its versions came out the same when they were run again. */

import * as React from 'react';
import type { CellReport, Mount, Project, ReproductionEntry } from '../api/types.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { failureText, formatBytes } from '../ui/text.ts';
import { exactTime, timeAgo } from '../ui/time.ts';
import type { PanelProps } from './list.tsx';
import { stated } from './words.ts';

type Props = PanelProps & { project: Project };

/** Both sections. */
export function Upkeep(props: Props): React.ReactElement {
  const { upkeep } = props;
  useSignal(upkeep.changed);
  return (
    <>
      <Datasets {...props} />
      <Runs {...props} />
    </>
  );
}

function Datasets(props: Props): React.ReactElement {
  const { upkeep, actions, trans, project } = props;
  const { mounts } = upkeep;
  const mine = project.role === 'owner' || project.role === 'editor';
  return (
    <section aria-label={trans.__('Data sets')}>
      <h3>{trans.__('Data sets')}</h3>
      {mounts.kind === 'loading' && <p role="status">{trans.__('Loading the data sets…')}</p>}
      {mounts.kind === 'error' && <Failed error={mounts.error} {...props} />}
      {mounts.kind === 'full' && !mounts.items.length && (
        <p className="tengen-Projects-faint">
          {trans.__('None yet. Data is kept once, by checksum, and is not copied into versions.')}
        </p>
      )}
      {mounts.kind === 'full' && mounts.items.length > 0 && (
        <ul className="tengen-Projects-list">
          {mounts.items.map(mount => (
            <MountLine key={mount.name} mount={mount} mine={mine} {...props} />
          ))}
        </ul>
      )}
      {mine && (
        <div className="tengen-Projects-verbs">
          <button onClick={() => actions.datasets(project)}>{trans.__('Add data…')}</button>
        </div>
      )}
    </section>
  );
}

function MountLine({
  mount,
  mine,
  actions,
  trans,
  project
}: Props & { mount: Mount; mine: boolean }): React.ReactElement {
  const { name, dataset, version, state, files, bytes, dataset_id: id } = mount;
  return (
    <li data-mount={name} data-state={state}>
      <div className="tengen-Projects-version">
        <strong title={mount.sha256}>datasets/{name}</strong>
        <span>{formatBytes(bytes)}</span>
      </div>
      <small>
        {dataset} {version} · {trans.__('files: %1', files)} · {mountState(state, trans)}
      </small>
      {mine && (
        <div className="tengen-Projects-verbs">
          {state === 'available' && id !== null && (
            <button onClick={() => actions.mount(project, id)}>{trans.__('Mount')}</button>
          )}
          {(state === 'mounted' || state === 'altered') && (
            <button
              aria-label={trans.__('Take %1 out of the project', name)}
              onClick={() => actions.unmount(project, name)}
            >
              {trans.__('Take out')}
            </button>
          )}
        </div>
      )}
    </li>
  );
}

function mountState(state: Mount['state'], trans: Texts): string {
  switch (state) {
    case 'mounted':
      return trans.__('mounted, read only');
    case 'available':
      return trans.__('not in the folder');
    case 'altered':
      return trans.__('changed in the folder');
    case 'missing':
      return trans.__('not on this machine');
  }
}

function Runs(props: Props): React.ReactElement {
  const { upkeep, actions, trans, project } = props;
  const { runs, running, badge } = upkeep;
  const latest = runs.kind === 'full' ? runs.items[0] : undefined;
  return (
    <section aria-label={trans.__('Reproduced')}>
      <h3>{trans.__('Reproduced')}</h3>
      {runs.kind === 'loading' && <p role="status">{trans.__('Loading the runs…')}</p>}
      {runs.kind === 'error' && <Failed error={runs.error} {...props} />}
      {badge && <Badge run={badge} trans={trans} />}
      {runs.kind === 'full' && !badge && !running && (
        <p className="tengen-Projects-faint">
          {trans.__(
            'Not tried yet. A version is run again from a clean copy, and its outputs are compared.'
          )}
        </p>
      )}
      {running && (
        <div role="status" className="tengen-Projects-running">
          <progress max={1} value={running.progress} aria-label={trans.__('Running again')} />
          <small>
            {trans.__('version %1', running.version)} · {stated(running.step, trans)}
          </small>
        </div>
      )}
      {latest && latest !== badge && !running && (
        <p data-run={latest.state}>
          {runState(latest, trans)} {latest.message && stated(latest.message, trans)}
        </p>
      )}
      {project.role === 'owner' && runs.kind === 'full' && (
        <div className="tengen-Projects-verbs">
          {running ? (
            <button onClick={() => actions.stopRun(project, running.id)}>
              {trans.__('Cancel')}
            </button>
          ) : (
            project.version > 0 && (
              <button onClick={() => actions.reproduce(project)}>
                {trans.__('Run again and compare')}
              </button>
            )
          )}
        </div>
      )}
    </section>
  );
}

function Badge({ run, trans }: { run: ReproductionEntry; trans: Texts }): React.ReactElement {
  const agreed = run.state === 'agreed';
  const when = run.finished ?? run.created;
  return (
    <details className="tengen-Projects-badge" data-run={run.state}>
      <summary title={exactTime(when)}>
        {agreed
          ? trans.__('✓ Version %1 reproduced', run.version)
          : trans.__('✗ Version %1 reproduced with differences', run.version)}
        , {timeAgo(when, trans)}
      </summary>
      {run.message && <p>{stated(run.message, trans)}</p>}
      {run.report?.notebooks.map(({ path, error, cells }) => (
        <p key={path}>
          {path}: {error ? error : counts(cells, trans)}
        </p>
      ))}
    </details>
  );
}

/** "12 cells the same, 1 different". */
function counts(cells: CellReport[], trans: Texts): string {
  const same = cells.filter(({ verdict }) => verdict === 'same' || verdict === 'close').length;
  const others = cells.filter(({ verdict }) => verdict === 'different' || verdict === 'failed');
  const text = trans.__('cells that agree: %1', same);
  return others.length
    ? `${text}, ${trans.__('cells that do not: %1', others.map(({ cell }) => cell).join(', '))}`
    : text;
}

function runState({ state, version }: ReproductionEntry, trans: Texts): string {
  switch (state) {
    case 'cancelled':
      return trans.__('The run of version %1 was cancelled.', version);
    case 'lost':
      return trans.__('The run of version %1 ended with the server.', version);
    case 'failed':
      return trans.__('The run of version %1 failed.', version);
    default:
      return '';
  }
}

function Failed({ error, upkeep, trans }: Props & { error: unknown }): React.ReactElement {
  return (
    <div role="alert">
      <p>{failureText(error, trans)}</p>
      <button className="jp-mod-styled" onClick={() => void upkeep.load()}>
        {trans.__('Try again')}
      </button>
    </div>
  );
}
