/** Puts a graph view into any element: the same view as in JupyterLab, without JupyterLab. */

import * as React from 'react';
import { createRoot } from 'react-dom/client';
import type { GraphDocument, Source } from '../api/documents.ts';
import { pageFocus } from '../source/focus.ts';
import type { Texts } from '../ui/signals.ts';
import { CompareView, type Pair } from './compare.tsx';
import type { WorkerLike } from './layouter.ts';
import { linkGraph } from './linking.ts';
import type { MeasureTimes } from './measuring.ts';
import { GraphModel } from './model.ts';
import type { Stage } from './stage.ts';
import { GraphView } from './view.tsx';

/** What can be given besides the document. */
export interface MountOptions {
  trans: Texts;
  startWorker: () => WorkerLike;
  onSource?: (source: Source) => void;
  compact?: boolean;
  /** Run the graph for its times, where that can be done. */
  measure?: MeasureTimes | undefined;
}

/** A mounted view. */
export interface Mounted {
  readonly model: GraphModel;
  /** The canvas, once there is a graph. */
  stage(): Stage | null;
  dispose(): void;
}

/** Show two documents side by side in an element. */
export function mountPair(
  element: HTMLElement,
  pair: Pair,
  options: MountOptions
): { dispose(): void } {
  const root = createRoot(element);
  element.classList.add('tengen-Graph');
  root.render(<CompareView pair={pair} {...options} />);
  return { dispose: () => root.unmount() };
}

/** Show a document, or the one to come, in an element. */
export function mount(
  element: HTMLElement,
  document: GraphDocument | Promise<GraphDocument>,
  options: MountOptions
): Mounted {
  const model = new GraphModel(options.startWorker, options.measure);
  const unlink = linkGraph(model, pageFocus());
  const root = createRoot(element);
  let stage: Stage | null = null;
  element.classList.add('tengen-Graph');
  root.render(
    <GraphView
      model={model}
      trans={options.trans}
      compact={options.compact ?? false}
      onSource={options.onSource}
      onStage={made => (stage = made)}
    />
  );
  void model.load(Promise.resolve(document));
  return {
    model,
    stage: () => stage,
    dispose: () => {
      root.unmount();
      unlink();
      model.dispose();
    }
  };
}
