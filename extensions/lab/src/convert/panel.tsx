/** The panel of a notebook's conversions, and its report, in a tab. */

import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';
import type { ConvertModel } from './model.ts';
import { ConvertContent, type ConvertWiring } from './view.tsx';

export class ConvertPanel extends ReactWidget {
  readonly model: ConvertModel;
  private readonly _wiring: ConvertWiring;

  constructor(model: ConvertModel, wiring: ConvertWiring) {
    super();
    this.model = model;
    this._wiring = wiring;
    this.addClass('tengen-Convert');
    this.node.tabIndex = -1;
  }

  protected render(): React.ReactElement {
    return <ConvertContent model={this.model} {...this._wiring} />;
  }

  protected onActivateRequest(): void {
    const first = this.node.querySelector<HTMLElement>('[data-first], button:enabled');
    (first ?? this.node).focus();
  }
}
