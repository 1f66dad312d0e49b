/** The memory views as widgets of JupyterLab. */

import { ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';
import type { Source } from '../api/documents.ts';
import { pageFocus } from '../source/focus.ts';
import type { Texts } from '../ui/signals.ts';
import type { Gpus } from '../gpus/tokens.ts';
import { linkMemory } from './linking.ts';
import type { LiveModel } from './live.ts';
import { LiveContent } from './livelist.tsx';
import type { MemoryModel } from './model.ts';
import { MemoryContent } from './view.tsx';

/** Shows a line of the user's. */
export type ShowSource = (source: Source) => void;

/** Recorded documents in a tab. */
export class MemoryPanel extends ReactWidget {
  readonly model: MemoryModel;
  private readonly _trans: Texts;
  private readonly _onSource: ShowSource;
  private readonly _unlink: () => void;

  constructor(model: MemoryModel, trans: Texts, onSource: ShowSource) {
    super();
    this.model = model;
    this._trans = trans;
    this._onSource = onSource;
    this._unlink = linkMemory(model, pageFocus());
    this.addClass('tengen-Memory');
  }

  dispose(): void {
    this._unlink();
    super.dispose();
  }

  protected render(): React.ReactElement {
    return <MemoryContent model={this.model} trans={this._trans} onSource={this._onSource} />;
  }
}

/** What a kernel holds now, in a tab. */
export class LivePanel extends ReactWidget {
  private readonly _model: LiveModel;
  private readonly _trans: Texts;
  private readonly _onSource: ShowSource;
  private readonly _above: React.ReactElement | null;
  private readonly _unlink: () => void;

  /** `gpus` is drawn above the list. */
  constructor(model: LiveModel, trans: Texts, onSource: ShowSource, gpus: Gpus | null) {
    super();
    this._above = gpus?.strip(() => this.isVisible) ?? null;
    this._model = model;
    this._trans = trans;
    this._onSource = onSource;
    this._unlink = pageFocus().listen(model, place => model.setLinked(place));
    this.addClass('tengen-Memory');
  }

  dispose(): void {
    this._unlink();
    super.dispose();
  }

  protected render(): React.ReactElement {
    return (
      <>
        {this._above}
        <LiveContent model={this._model} trans={this._trans} onSource={this._onSource} />
      </>
    );
  }
}
