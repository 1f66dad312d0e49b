/** The list of projects: search, tags, trash, and a project in a line. */

import * as React from 'react';
import type { Project } from '../api/types.ts';
import { type Texts } from '../ui/signals.ts';
import { failureText } from '../ui/text.ts';
import { exactTime, timeAgo } from '../ui/time.ts';
import type { ProjectsModel } from './model.ts';
import type { UpkeepModel } from './upkeep.ts';

/** What the panel's parts need besides the model: the commands that act. */
export interface Actions {
  create(): void;
  importFrom(): void;
  open(project: Project): void;
  save(project: Project): void;
  compare(project: Project, from: number | null, to: number | null): void;
  restore(project: Project, version: number): void;
  fork(project: Project, version: number | null): void;
  share(project: Project): void;
  rename(project: Project): void;
  download(project: Project, version: number): void;
  clear(project: Project, version: number): void;
  trash(project: Project): void;
  untrash(project: Project): void;
  remove(project: Project): void;
  datasets(project: Project): void;
  mount(project: Project, dataset: string): void;
  unmount(project: Project, name: string): void;
  reproduce(project: Project): void;
  stopRun(project: Project, id: string): void;
  pull(project: Project): void;
  openGallery(): void;
  openShared(): void;
}

/** What the panel's parts are drawn from. */
export interface PanelProps {
  model: ProjectsModel;
  upkeep: UpkeepModel;
  actions: Actions;
  trans: Texts;
}

/** The list, in its four states. */
export function ProjectList(props: PanelProps): React.ReactElement {
  const { model, actions, trans } = props;
  return (
    <>
      <div className="tengen-Projects-bar">
        <button className="jp-mod-styled jp-mod-accept" onClick={actions.create}>
          {trans.__('New project')}
        </button>
        <button className="jp-mod-styled" onClick={actions.importFrom}>
          {trans.__('Import…')}
        </button>
      </div>
      <input
        type="search"
        className="tengen-Projects-search"
        placeholder={trans.__('Search projects')}
        aria-label={trans.__('Search projects')}
        value={model.search}
        onChange={event => void model.filter({ search: event.currentTarget.value })}
      />
      {model.tags.length > 0 && (
        <div className="tengen-Projects-tags" role="group" aria-label={trans.__('Tags')}>
          {model.tags.map(tag => (
            <button
              key={tag}
              aria-pressed={model.tag === tag}
              onClick={() => void model.filter({ tag: model.tag === tag ? '' : tag })}
            >
              {tag}
            </button>
          ))}
        </div>
      )}
      {model.trash && <h3>{trans.__('Trash')}</h3>}
      <ListContent {...props} />
      <div className="tengen-Projects-foot">
        <button
          aria-pressed={model.trash}
          onClick={() => void model.filter({ trash: !model.trash, search: '', tag: '' })}
        >
          {model.trash ? trans.__('Back to the projects') : trans.__('Trash')}
        </button>
        <button onClick={actions.openGallery}>{trans.__('Gallery')}</button>
        <button onClick={actions.openShared}>{trans.__('Open shared link…')}</button>
      </div>
    </>
  );
}

function ListContent(props: PanelProps): React.ReactElement {
  const { model, trans } = props;
  const { list } = model;
  switch (list.kind) {
    case 'loading':
      return (
        <p className="tengen-Projects-note" role="status">
          {trans.__('Loading projects…')}
        </p>
      );
    case 'error':
      return (
        <div className="tengen-Projects-note" role="alert">
          <p>{trans.__('The projects could not be loaded')}</p>
          <p>{failureText(list.error, trans)}</p>
          <button className="jp-mod-styled" onClick={() => void model.load()}>
            {trans.__('Try again')}
          </button>
        </div>
      );
    case 'empty':
      return (
        <div className="tengen-Projects-note">
          {list.filtered ? (
            <p>{trans.__('No project matches.')}</p>
          ) : model.trash ? (
            <p>{trans.__('The trash is empty.')}</p>
          ) : (
            <>
              <p>
                {trans.__(
                  'A project is a folder with a history: save versions, see what changed, go back, and share it.'
                )}
              </p>
              <p>{trans.__('Start with a new project, or import one.')}</p>
            </>
          )}
        </div>
      );
    case 'full':
      return (
        <ul className="tengen-Projects-list">
          {list.projects.map(project => (
            <Line key={project.id} project={project} {...props} />
          ))}
          {list.next && (
            <li>
              <button onClick={() => void model.loadMore()}>{trans.__('Show more')}</button>
            </li>
          )}
        </ul>
      );
  }
}

function Line({
  model,
  actions,
  trans,
  project
}: PanelProps & { project: Project }): React.ReactElement {
  const changed = project.trashed ?? project.updated;
  return (
    <li data-project={project.id}>
      <button className="tengen-Projects-line" onClick={() => void model.choose(project)}>
        <strong>{project.name}</strong>
        <span title={exactTime(changed)}>{timeAgo(changed, trans)}</span>
        <small>
          {[
            project.visibility === 'public' ? trans.__('public') : '',
            project.role === 'owner' ? '' : trans.__('shared by %1', project.owner.name),
            project.missing ? trans.__('folder is missing') : '',
            ...project.tags
          ]
            .filter(Boolean)
            .join(' · ')}
        </small>
      </button>
      {project.trashed && (
        <div className="tengen-Projects-bar">
          <button className="jp-mod-styled" onClick={() => actions.untrash(project)}>
            {trans.__('Take back')}
          </button>
          <button className="jp-mod-styled jp-mod-warn" onClick={() => actions.remove(project)}>
            {trans.__('Delete for good')}
          </button>
        </div>
      )}
    </li>
  );
}
