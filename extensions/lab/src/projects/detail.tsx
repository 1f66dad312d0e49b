/** One project: what can be done with it, what is not saved, and its history. */

import * as React from 'react';
import type { Project, Version } from '../api/types.ts';
import type { Texts } from '../ui/signals.ts';
import { failureText } from '../ui/text.ts';
import { exactTime, timeAgo } from '../ui/time.ts';
import type { PanelProps } from './list.tsx';
import { Upkeep } from './upkeepview.tsx';
import { stated } from './words.ts';

/** The chosen project. */
export function ProjectDetail(props: PanelProps & { project: Project }): React.ReactElement {
  const { model, actions, trans, project } = props;
  const mine = project.role !== 'viewer';
  const here = project.directory !== null && !project.missing && !project.trashed;
  return (
    <>
      <button className="tengen-Projects-back" onClick={() => void model.choose(null)}>
        ← {trans.__('All projects')}
      </button>
      <h2 title={project.directory ?? ''}>{project.name}</h2>
      {project.description && <p>{project.description}</p>}
      {project.origin && (
        <p className="tengen-Projects-faint">
          {trans.__('forked from version %1 of another project', project.origin.version)}
        </p>
      )}
      {project.missing && (
        <p role="alert">
          {trans.__(
            'Its folder "%1" is missing. Restore a version to have it back.',
            project.directory ?? ''
          )}
        </p>
      )}
      <div className="tengen-Projects-bar">
        {here && mine && (
          <button
            className="jp-mod-styled jp-mod-accept"
            title={trans.__('Keep the present state of all files')}
            onClick={() => actions.save(project)}
          >
            {trans.__('Save version')}
          </button>
        )}
        {here && (
          <button className="jp-mod-styled" onClick={() => actions.open(project)}>
            {trans.__('Open folder')}
          </button>
        )}
        {project.role === 'owner' && (
          <button className="jp-mod-styled" onClick={() => actions.share(project)}>
            {trans.__('Share…')}
          </button>
        )}
        <button className="jp-mod-styled" onClick={() => actions.fork(project, null)}>
          {trans.__('Fork')}
        </button>
        {project.origin && here && mine && (
          <button
            className="jp-mod-styled"
            title={trans.__('Bring in what the origin has changed')}
            onClick={() => actions.pull(project)}
          >
            {trans.__('Pull')}
          </button>
        )}
        {mine && (
          <button className="jp-mod-styled" onClick={() => actions.rename(project)}>
            {trans.__('Rename…')}
          </button>
        )}
        {project.role === 'owner' && (
          <button className="jp-mod-styled" onClick={() => actions.trash(project)}>
            {trans.__('To the trash')}
          </button>
        )}
      </div>
      <UnsavedLine {...props} />
      <h3>{trans.__('History')}</h3>
      <History {...props} />
      {!project.trashed && <Upkeep {...props} />}
    </>
  );
}

function UnsavedLine({
  model,
  actions,
  trans,
  project
}: PanelProps & { project: Project }): React.ReactElement | null {
  const { unsaved } = model;
  if (!unsaved) {
    return null;
  }
  if (!unsaved.files) {
    return <p className="tengen-Projects-faint">{trans.__('All changes are in a version.')}</p>;
  }
  const count = unsaved.more ? `${unsaved.files}+` : unsaved.files;
  return (
    <p className="tengen-Projects-unsaved">
      {trans.__('Changed files in no version yet: %1', count)}{' '}
      <button onClick={() => actions.compare(project, project.version, null)}>
        {trans.__('See changes')}
      </button>
    </p>
  );
}

function History(props: PanelProps & { project: Project }): React.ReactElement {
  const { model, trans } = props;
  const { history } = model;
  switch (history.kind) {
    case 'loading':
      return <p role="status">{trans.__('Loading the history…')}</p>;
    case 'error':
      return (
        <div role="alert">
          <p>{trans.__('The history could not be loaded')}</p>
          <p>{failureText(history.error, trans)}</p>
          <button className="jp-mod-styled" onClick={() => void model.refresh()}>
            {trans.__('Try again')}
          </button>
        </div>
      );
    case 'empty':
      // Whoever may save sees all versions, and every project has begun with one.
      return (
        <p>
          {trans.__(
            'Nothing to see yet: its versions are held back, since they may hold secrets, until an owner has looked.'
          )}
        </p>
      );
    case 'full':
      return (
        <ol className="tengen-Projects-history">
          {history.versions.map(version => (
            <VersionLine key={version.id} version={version} {...props} />
          ))}
          {history.next && (
            <li>
              <button onClick={() => void model.loadOlder()}>{trans.__('Show older')}</button>
            </li>
          )}
        </ol>
      );
  }
}

function VersionLine(
  props: PanelProps & { project: Project; version: Version }
): React.ReactElement {
  const { actions, trans, project, version } = props;
  const mine = project.role !== 'viewer' && project.directory !== null;
  const latest = version.number === project.version;
  const skipped = Object.entries(version.skipped);
  return (
    <li data-version={version.number}>
      <div className="tengen-Projects-version">
        <strong>{titleOf(version, props)}</strong>
        <span title={exactTime(version.created)}>{timeAgo(version.created, trans)}</span>
      </div>
      <small>
        {trans.__('version %1', version.number)} · {version.author} ·{' '}
        <Counts version={version} trans={trans} />
      </small>
      {skipped.length > 0 && (
        <small title={skipped.map(([path, why]) => `${path}: ${stated(why, trans)}`).join('\n')}>
          {trans.__('%1 files could not be kept', skipped.length)}
        </small>
      )}
      {version.held && <HeldBack {...props} />}
      <div className="tengen-Projects-verbs">
        {version.number > 1 && (
          <button onClick={() => actions.compare(project, version.number - 1, version.number)}>
            {trans.__('What changed')}
          </button>
        )}
        {!latest && (
          <button onClick={() => actions.compare(project, version.number, project.version)}>
            {trans.__('Compare with the newest')}
          </button>
        )}
        {mine && (
          <button onClick={() => actions.restore(project, version.number)}>
            {trans.__('Restore')}
          </button>
        )}
        <button onClick={() => actions.fork(project, version.number)}>
          {trans.__('Fork from here')}
        </button>
        <button onClick={() => actions.download(project, version.number)}>
          {trans.__('Download')}
        </button>
      </div>
    </li>
  );
}

/** Why others do not see a version, and what to do about it. */
function HeldBack({
  actions,
  trans,
  project,
  version
}: PanelProps & { project: Project; version: Version }): React.ReactElement {
  const files = version.suspects.join(', ');
  return (
    <p className="tengen-Projects-held">
      {trans.__('Held back from others: there may be a secret in %1.', files)}{' '}
      {project.role === 'owner'
        ? trans.__('Take it out and save a version, or, if it is none:')
        : trans.__('Take it out and save a version, or ask an owner.')}{' '}
      {project.role === 'owner' && (
        <button onClick={() => actions.clear(project, version.number)}>
          {trans.__('Show to everybody…')}
        </button>
      )}
    </p>
  );
}

function titleOf(version: Version, { trans }: PanelProps): string {
  if (version.message) {
    return version.message;
  }
  return version.automatic ? trans.__('saved automatically') : trans.__('without a message');
}

/** "+3 −1 cells", or files where no cell changed. */
function Counts({ version, trans }: { version: Version; trans: Texts }): React.ReactElement {
  const cells = version.cells_added + version.cells_changed + version.cells_removed;
  const [added, changed, removed] = cells
    ? [version.cells_added, version.cells_changed, version.cells_removed]
    : [version.added, version.changed, version.removed];
  return (
    <span className="tengen-Projects-counts" title={cells ? trans.__('cells') : trans.__('files')}>
      <ins>+{added}</ins> <span>~{changed}</span> <del>−{removed}</del>
    </span>
  );
}
