/** The projects panel: the list, or one project. */

import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';
import { useSignal } from '../ui/signals.ts';
import { ProjectDetail } from './detail.tsx';
import { type PanelProps, ProjectList } from './list.tsx';

/** The panel at the left. */
export class ProjectsPanel extends ReactWidget {
  private readonly _props: PanelProps;

  constructor(props: PanelProps) {
    super();
    this._props = props;
    this.addClass('tengen-Projects');
  }

  protected render(): React.ReactElement {
    return <Panel {...this._props} />;
  }

  /** What the panel shows may be old when it comes to the front. */
  protected onAfterShow(): void {
    const { model, upkeep } = this._props;
    void (model.chosen ? model.refresh() : model.load());
    void upkeep.load();
  }
}

function Panel(props: PanelProps): React.ReactElement {
  useSignal(props.model.changed);
  const { chosen } = props.model;
  return chosen ? <ProjectDetail {...props} project={chosen} /> : <ProjectList {...props} />;
}
