/** The graph view as JupyterLab widgets. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { Widget } from '@lumino/widgets';
import * as React from 'react';
import type { GraphDocument, Source } from '../api/documents.ts';
import type { Texts } from '../ui/signals.ts';
import { pageFocus } from '../source/focus.ts';
import { CompareView, type Pair } from './compare.tsx';
import type { WorkerLike } from './layouter.ts';
import { linkGraph } from './linking.ts';
import type { MeasureTimes } from './measuring.ts';
import { GraphModel } from './model.ts';
import type { Preferences } from './shown.ts';
import type { Stage } from './stage.ts';
import { GraphView, NoGraph } from './view.tsx';

/** With less width than this, in pixels, the side panels would leave no room for the graph. */
const NARROW = 760;

/** What every panel needs of the application. */
export interface PanelWiring {
  readonly trans: Texts;
  readonly startWorker: () => WorkerLike;
  /** How the user wants graphs to be shown at first. */
  preferences(): Promise<Preferences>;
  onSource(source: Source): void;
  /** Ask the user for a graph to compare `model`'s with; null when none was chosen. */
  onCompare(model: GraphModel): Promise<GraphDocument | null>;
}

/** One graph; it loads when made. */
export class GraphPanel extends ReactWidget {
  readonly model: GraphModel;
  private readonly _wiring: PanelWiring;
  private readonly _load: () => Promise<GraphDocument>;
  private readonly _unlink: () => void;
  private _stage: Stage | null = null;
  private _search = 0;
  private _compare = 0;
  private _narrow = false;

  constructor(load: () => Promise<GraphDocument>, wiring: PanelWiring, measure?: MeasureTimes) {
    super();
    this.model = new GraphModel(wiring.startWorker, measure);
    this._unlink = linkGraph(this.model, pageFocus());
    this._load = load;
    this._wiring = wiring;
    this.addClass('tengen-Graph');
    void this._begin();
  }

  /** The canvas, once there is a graph. */
  get stage(): Stage | null {
    return this._stage;
  }

  /** Put the cursor into the search field. */
  search(): void {
    this._search += 1;
    this.update();
  }

  /** Ask for another graph and show both. */
  compare(): void {
    this._compare += 1;
    this.update();
  }

  dispose(): void {
    super.dispose();
    this._unlink();
    this.model.dispose();
  }

  private async _begin(): Promise<void> {
    const preferences = await this._wiring.preferences();
    if (!this.isDisposed) {
      this.model.prefer(preferences);
      await this.model.load(this._load());
    }
  }

  protected onActivateRequest(): void {
    this._stage?.focus();
  }

  protected onResize(size: Widget.ResizeMessage): void {
    const narrow = size.width >= 0 && size.width < NARROW;
    if (narrow !== this._narrow) {
      this._narrow = narrow;
      this.update();
    }
  }

  protected render(): React.ReactElement {
    const { onCompare, onSource, trans } = this._wiring;
    return (
      <GraphView
        model={this.model}
        trans={trans}
        compact={this._narrow}
        onSource={onSource}
        onCompare={() => onCompare(this.model)}
        onRetry={() => void this.model.load(this._load())}
        onStage={stage => (this._stage = stage)}
        searchAsked={this._search}
        compareAsked={this._compare}
      />
    );
  }
}

/** Two graphs side by side, loaded when made. */
export class ComparePanel extends ReactWidget {
  private readonly _load: () => Promise<Pair>;
  private readonly _wiring: PanelWiring;
  private _pair: Pair | null = null;
  private _error: unknown = null;

  constructor(load: () => Promise<Pair>, wiring: PanelWiring) {
    super();
    this._load = load;
    this._wiring = wiring;
    this.addClass('tengen-Graph');
    void this._begin();
  }

  protected render(): React.ReactElement {
    const { trans } = this._wiring;
    return this._pair ? (
      <CompareView pair={this._pair} {...this._wiring} />
    ) : (
      <NoGraph
        trans={trans}
        error={this._error}
        onRetry={() => {
          void this._begin();
        }}
      />
    );
  }

  private async _begin(): Promise<void> {
    this._error = null;
    this.update();
    try {
      this._pair = await this._load();
    } catch (error) {
      this._error = error;
    }
    this.update();
  }
}
