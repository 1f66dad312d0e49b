/** Draws a trouble document among a cell's outputs. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { IRenderMime } from '@jupyterlab/rendermime';
import * as React from 'react';
import type { KernelDeath, MemoryTrouble } from '../api/documents.ts';
import type { Texts } from '../ui/signals.ts';
import { type Ask, CardModel } from './model.ts';
import { MIME } from './tokens.ts';
import { type CardActions, DeathCard, MemoryCard } from './view.tsx';

/** What a card finds in the notebook around it. */
export interface Surroundings {
  actions: CardActions;
  /** Asks the notebook's kernel; null where none runs. */
  ask: Ask | null;
}

/** One output; what is around it is looked for when it is attached. */
export class TroubleOutput extends ReactWidget implements IRenderMime.IRenderer {
  private readonly _look: (node: HTMLElement) => Surroundings;
  private readonly _trans: Texts;
  private readonly _atOnce: () => Promise<boolean>;
  private _document: MemoryTrouble | KernelDeath | null = null;
  private _card: { model: CardModel; actions: CardActions } | null = null;

  constructor(
    look: (node: HTMLElement) => Surroundings,
    trans: Texts,
    atOnce: () => Promise<boolean>
  ) {
    super();
    this._look = look;
    this._trans = trans;
    this._atOnce = atOnce;
    this.addClass('tengen-Trouble-output');
  }

  /** Show a document. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._document = model.data[MIME] as unknown as MemoryTrouble | KernelDeath;
    this._card = null;
    this.update();
    await this.renderPromise;
  }

  protected onAfterAttach(message: Parameters<ReactWidget['onAfterAttach']>[0]): void {
    super.onAfterAttach(message);
    this._card = null;
    this.update();
  }

  protected render(): React.ReactElement | null {
    const found = this._document;
    if (!found || !this.isAttached) {
      return null;
    }
    if (found.kind === 'kernel') {
      const { actions } = this._look(this.node);
      return <DeathCard death={found} actions={actions} trans={this._trans} />;
    }
    if (!this._card) {
      const { actions, ask } = this._look(this.node);
      const model = new CardModel(found as MemoryTrouble, ask);
      this._card = { model, actions };
      void this._atOnce().then(wanted => (wanted ? model.ask() : undefined));
    }
    return <MemoryCard {...this._card} trans={this._trans} />;
  }
}
