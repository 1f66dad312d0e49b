/** The panel of a notebook's conversions, and its report, in a tab. */

import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';
import type { ConvertModel } from './model.ts';
import { ConvertContent, type ConvertWiring } from './view.tsx';

export class ConvertPanel extends ReactWidget {
  readonly model: ConvertModel;
  private readonly _wiring: ConvertWiring;
  private _focused = false;

  constructor(model: ConvertModel, wiring: ConvertWiring) {
    super();
    this.model = model;
    this._wiring = wiring;
    this.addClass('tengen-Convert');
    this.node.tabIndex = -1;
    this.node.addEventListener('focusin', () => (this._focused = true));
    this.node.addEventListener('focusout', ({ relatedTarget: next }) => {
      // Without a next element what had the focus was redrawn, and the focus is still ours.
      this._focused = !next || this.node.contains(next as Node);
    });
  }

  protected render(): React.ReactElement {
    const onState = (): void => {
      if (this._focused) {
        this._focus();
      }
    };
    return <ConvertContent model={this.model} {...this._wiring} onState={onState} />;
  }

  protected onActivateRequest(): void {
    // A click on one of our buttons activates us too, and has to stay on its button.
    if (!this.node.contains(document.activeElement)) {
      this._focused = true;
      this._focus();
    }
  }

  private _focus(): void {
    (this.node.querySelector<HTMLElement>('[data-first]:enabled') ?? this.node).focus();
  }
}
