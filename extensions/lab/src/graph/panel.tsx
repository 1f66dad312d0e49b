/** The graph view as JupyterLab widgets. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { Widget } from '@lumino/widgets';
import * as React from 'react';
import type { GraphDocument, Source } from '../api/documents.ts';
import type { Texts } from '../ui/signals.ts';
import { CompareView, type Pair } from './compare.tsx';
import type { WorkerLike } from './layouter.ts';
import { GraphModel } from './model.ts';
import type { Stage } from './stage.ts';
import { GraphView } from './view.tsx';

/** With less width than this, in pixels, the side panels would leave no room for the graph. */
const NARROW = 760;

/** What every panel needs of the application. */
export interface PanelWiring {
  readonly trans: Texts;
  readonly startWorker: () => WorkerLike;
  onSource(source: Source): void;
  /** Ask the user for a graph to compare `model`'s with; null when none was chosen. */
  onCompare(model: GraphModel): Promise<GraphDocument | null>;
}

/** One graph; it loads when made. */
export class GraphPanel extends ReactWidget {
  readonly model: GraphModel;
  private readonly _wiring: PanelWiring;
  private readonly _load: () => Promise<GraphDocument>;
  private _stage: Stage | null = null;
  private _search = 0;
  private _compare = 0;
  private _narrow = false;

  constructor(load: () => Promise<GraphDocument>, wiring: PanelWiring) {
    super();
    this.model = new GraphModel(wiring.startWorker);
    this._load = load;
    this._wiring = wiring;
    this.addClass('tengen-Graph');
    void this.model.load(load());
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
    this.model.dispose();
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

/** Two graphs side by side. */
export class ComparePanel extends ReactWidget {
  private readonly _pair: Pair;
  private readonly _wiring: PanelWiring;

  constructor(pair: Pair, wiring: PanelWiring) {
    super();
    this._pair = pair;
    this._wiring = wiring;
    this.addClass('tengen-Graph');
  }

  protected render(): React.ReactElement {
    return <CompareView pair={this._pair} {...this._wiring} />;
  }
}
