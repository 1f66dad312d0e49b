/** Draws the home tab from its model: templates to start from, and the machine's line. */

import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Machine, Project, Template } from '../api/types.ts';
import { DOMAIN, failureText, formatBytes, inLanguage } from '../ui/text.ts';
import { exactTime, timeAgo } from '../ui/time.ts';
import { pictureUrl, tengenIcon } from './icons.ts';
import type { HomeModel, HomeState } from './model.ts';

/** What the view needs besides its model. */
export interface Wiring {
  translator: ITranslator;
  /** Start from a template; failures are shown by the receiver. */
  onStart(slug: string): void;
  /** Projects; left out where there are none. */
  projects?: ProjectActions;
}

/** What can be done about projects from here. */
export interface ProjectActions {
  create(): void;
  importFrom(): void;
  openShared(): void;
  openGallery(): void;
  open(id: string): void;
}

/** The home tab's content. */
export class HomeView extends ReactWidget {
  private readonly _model: HomeModel;
  private readonly _wiring: Wiring;

  constructor(model: HomeModel, wiring: Wiring) {
    super();
    this._model = model;
    this._wiring = wiring;
    this.addClass('tengen-Home');
  }

  protected render(): React.ReactElement {
    const { translator, onStart, projects } = this._wiring;
    const trans = translator.load(DOMAIN);
    return (
      <UseSignal signal={this._model.changed}>
        {() => (
          <div className="tengen-Home-page jp-zoom-target">
            <Header state={this._model.state} trans={trans} />
            {projects && <ProjectRow state={this._model.state} projects={projects} trans={trans} />}
            <Content
              state={this._model.state}
              starting={this._model.starting}
              language={translator.languageCode}
              trans={trans}
              onStart={onStart}
              onRetry={() => void this._model.load()}
            />
          </div>
        )}
      </UseSignal>
    );
  }
}

function Header(props: { state: HomeState; trans: TranslationBundle }): React.ReactElement {
  const { state, trans } = props;
  return (
    <div className="tengen-Home-header">
      <tengenIcon.react tag="span" className="tengen-Home-logo" aria-hidden="true" />
      <h1>Tengen Studio</h1>
      {'about' in state && <MachineLine machine={state.about.machine} trans={trans} />}
    </div>
  );
}

/** One line on what the machine has, such as "CPU 2 · no GPU · 71 GB free". */
export function MachineLine(props: {
  machine: Machine;
  trans: TranslationBundle;
}): React.ReactElement {
  const { machine, trans } = props;
  const free = trans.__('%1 free', formatBytes(machine.disk_free_bytes));
  const gpu = machine.gpus.length ? machine.gpus.join(', ') : trans.__('no GPU');
  const total = trans.__('of %1 on this disk', formatBytes(machine.disk_total_bytes));
  return (
    <p className="tengen-Home-machine">
      <span>CPU {machine.cpus}</span>
      <span>{gpu}</span>
      <span title={total}>{free}</span>
    </p>
  );
}

/** New, import, and the projects to go on with. */
function ProjectRow(props: {
  state: HomeState;
  projects: ProjectActions;
  trans: TranslationBundle;
}): React.ReactElement {
  const { state, projects, trans } = props;
  const recent: Project[] = 'recent' in state ? state.recent : [];
  return (
    <section aria-labelledby="tengen-home-continue">
      <div className="tengen-Home-actions">
        <button className="jp-mod-styled jp-mod-accept" onClick={() => projects.create()}>
          {trans.__('New project')}
        </button>
        <button className="jp-mod-styled" onClick={() => projects.importFrom()}>
          {trans.__('Import…')}
        </button>
        <button className="jp-mod-styled" onClick={() => projects.openShared()}>
          {trans.__('Open shared link…')}
        </button>
        <button className="jp-mod-styled" onClick={() => projects.openGallery()}>
          {trans.__('Gallery')}
        </button>
      </div>
      {recent.length > 0 && (
        <>
          <h2 id="tengen-home-continue">{trans.__('Continue')}</h2>
          <ul className="tengen-Home-recent">
            {recent.map(project => (
              <li key={project.id}>
                <button data-project={project.id} onClick={() => projects.open(project.id)}>
                  <strong>{project.name}</strong>
                  <span title={exactTime(project.updated)}>{timeAgo(project.updated, trans)}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

interface ContentProps {
  state: HomeState;
  starting: string | null;
  language: string;
  trans: TranslationBundle;
  onStart(slug: string): void;
  onRetry(): void;
}

function Content(props: ContentProps): React.ReactElement {
  const { state, trans } = props;
  switch (state.kind) {
    case 'loading':
      return (
        <p className="tengen-Home-note" role="status">
          {trans.__('Loading templates…')}
        </p>
      );
    case 'error':
      return (
        <div className="tengen-Home-note" role="alert">
          <h2>{trans.__('The templates could not be loaded')}</h2>
          <p>{failureText(state.error, trans)}</p>
          <p>{trans.__('Your files are not affected.')}</p>
          <button className="jp-mod-styled jp-mod-accept" onClick={props.onRetry}>
            {trans.__('Try again')}
          </button>
        </div>
      );
    case 'empty':
      return (
        <div className="tengen-Home-note">
          <h2>{trans.__('No templates yet')}</h2>
          <p>
            {trans.__(
              'Templates are notebooks to start from. This server offers none: open a new notebook from the launcher, or ask whoever runs the server to add some.'
            )}
          </p>
          <button className="jp-mod-styled" onClick={props.onRetry}>
            {trans.__('Look again')}
          </button>
        </div>
      );
    case 'full':
      return (
        <section aria-labelledby="tengen-home-start">
          <h2 id="tengen-home-start">{trans.__('Start from')}</h2>
          <ul className="tengen-Home-cards">
            {state.templates.map(template => (
              <Card key={template.slug} template={template} {...props} />
            ))}
          </ul>
        </section>
      );
  }
}

function Card(props: ContentProps & { template: Template }): React.ReactElement {
  const { template, language, starting, trans } = props;
  const busy = starting === template.slug;
  return (
    <li>
      <button
        className="tengen-Home-card"
        data-slug={template.slug}
        aria-busy={busy}
        disabled={starting !== null}
        onClick={() => props.onStart(template.slug)}
      >
        <img src={pictureUrl(template)} alt="" />
        <strong>{inLanguage(template.title, language)}</strong>
        <span>{busy ? trans.__('Copying…') : inLanguage(template.description, language)}</span>
      </button>
    </li>
  );
}
