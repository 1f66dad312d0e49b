/** The projects panel: the list, or one project. */

import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';
import { type Texts, useSignal } from '../ui/signals.ts';
import { ProjectDetail } from './detail.tsx';
import { type Actions, type PanelProps, ProjectList } from './list.tsx';
import type { ProjectsModel } from './model.ts';

/** The panel at the left. */
export class ProjectsPanel extends ReactWidget {
  private readonly _props: PanelProps;

  constructor(model: ProjectsModel, actions: Actions, trans: Texts) {
    super();
    this._props = { model, actions, trans };
    this.addClass('tengen-Projects');
  }

  protected render(): React.ReactElement {
    return <Panel {...this._props} />;
  }

  /** What the panel shows may be old when it comes to the front. */
  protected onAfterShow(): void {
    const { model } = this._props;
    void (model.chosen ? model.refresh() : model.load());
  }
}

function Panel(props: PanelProps): React.ReactElement {
  useSignal(props.model.changed);
  const { chosen } = props.model;
  return chosen ? <ProjectDetail {...props} project={chosen} /> : <ProjectList {...props} />;
}
