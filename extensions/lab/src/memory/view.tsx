/** The memory view: draws its model in four states; knows nothing of JupyterLab's shell. */

import { type Texts, useSignal } from '../ui/signals.ts';
import * as React from 'react';
import type { Source } from '../api/documents.ts';
import { failureText } from '../ui/text.ts';
import { BudgetPanel } from './slider.tsx';
import { formatSize } from './format.ts';
import type { MemoryModel } from './model.ts';
import { BlockPanel, FitPanel, MomentPanel } from './panels.tsx';
import { BlockTable } from './table.tsx';
import { TrackView } from './track.tsx';
import { kindName, runName } from './words.ts';

/** What the view needs besides its model. */
export interface MemoryViewProps {
  model: MemoryModel;
  trans: Texts;
  /** Show a line of the user's code; without it lines are not links. */
  onSource?: ((source: Source) => void) | undefined;
}

/** The whole view. */
export function MemoryContent(props: MemoryViewProps): React.ReactElement {
  const { model, trans } = props;
  useSignal(model.changed);
  const { state } = model;
  switch (state.kind) {
    case 'loading':
      return (
        <p className="tengen-Memory-note" role="status">
          {trans.__('Reading the memory record…')}
        </p>
      );
    case 'error':
      return (
        <div className="tengen-Memory-note" role="alert">
          <h2>{trans.__('The memory record could not be shown')}</h2>
          <p>{failureText(state.error, trans)}</p>
          <button className="jp-mod-styled jp-mod-accept" onClick={() => void model.load()}>
            {trans.__('Try again')}
          </button>
        </div>
      );
    case 'empty':
      return (
        <div className="tengen-Memory-note">
          <h2>{trans.__('No memory was used')}</h2>
          <p>
            {trans.__(
              'The memory view shows which tensors hold memory during a step, when, and why. This record holds no blocks: record a step that computes something.'
            )}
          </p>
          <pre>tg.viz.memory(step, x, y)</pre>
        </div>
      );
    case 'full':
      return <Full {...props} />;
  }
}

function Full(props: MemoryViewProps): React.ReactElement {
  const { model, trans } = props;
  return (
    <div className="tengen-Memory-page" data-tracks={model.tracks.length}>
      <Headline {...props} />
      <Legend model={model} trans={trans} />
      <div className="tengen-Memory-tracks">
        {model.tracks.map((_, index) => (
          <TrackView key={index} model={model} index={index} trans={trans} />
        ))}
      </div>
      <LinkedNote model={model} trans={trans} />
      <BudgetPanel model={model} trans={trans} />
      {model.notes.map(note => (
        <p key={note} className="tengen-Memory-remark" role="note">
          {note}
        </p>
      ))}
      <div className="tengen-Memory-lower">
        <div className="tengen-Memory-side">
          <BlockPanel {...props} />
          <MomentPanel {...props} />
        </div>
        <div className="tengen-Memory-main">
          <TableHead model={model} trans={trans} />
          <BlockTable {...props} />
        </div>
      </div>
    </div>
  );
}

/** How much of each record is chosen in another view. */
function LinkedNote({ model, trans }: MemoryViewProps): React.ReactElement | null {
  const sums = model.tracks.map(({ timeline }, index) => ({
    name: runName(timeline.document, trans),
    ...model.focus.linkedSum(index)
  }));
  const found = sums.filter(({ blocks }) => blocks > 0);
  if (!found.length || model.focus.search) {
    return null;
  }
  const parts = found.map(({ blocks, bytes, name }) =>
    trans.__('%1: %2 in %3 blocks', name, formatSize(bytes), blocks.toLocaleString('en'))
  );
  return (
    <p className="tengen-Memory-linked" role="status">
      {trans.__('Chosen elsewhere')} · {parts.join(' · ')}{' '}
      <button className="tengen-Memory-link" onClick={() => model.focus.setLinked(null)}>
        {trans.__('Show all blocks')}
      </button>
    </p>
  );
}

/** One sentence on the peak, and will it fit. */
function Headline(props: MemoryViewProps): React.ReactElement {
  const { model, trans } = props;
  const timeline = model.activeTimeline;
  const peaks = model.tracks.map(({ timeline: { document, peak } }) => ({
    name: runName(document, trans),
    bytes: peak.bytes
  }));
  const first = peaks[0];
  const least = peaks.reduce(
    (a, b) => (b.bytes < a.bytes ? b : a),
    first ?? { name: '', bytes: 0 }
  );
  return (
    <div className="tengen-Memory-headline">
      <h2>
        {first && least.bytes < first.bytes
          ? trans.__(
              '%1 needs %2, %3 of %4.',
              least.name,
              formatSize(least.bytes),
              `${Math.round((100 * least.bytes) / first.bytes)}%`,
              first.name
            )
          : trans.__('Peak %1', formatSize(timeline?.peak.bytes ?? 0))}
      </h2>
      <FitPanel {...props} />
    </div>
  );
}

/** The kinds with their colours; a click shows or hides one. */
function Legend({ model, trans }: MemoryViewProps): React.ReactElement {
  const used = new Set(model.tracks.flatMap(track => track.timeline.document.kinds));
  return (
    <div className="tengen-Memory-legend" role="toolbar" aria-label={trans.__('Kinds of memory')}>
      {[...used].map(kind => (
        <button
          key={kind}
          data-kind={kind}
          aria-pressed={!model.isHidden(kind)}
          onClick={() => model.toggle(kind)}
        >
          {kindName(kind, trans)}
        </button>
      ))}
      <input
        type="search"
        className="jp-mod-styled"
        placeholder={trans.__('Find a tensor, operator, module or line')}
        aria-label={trans.__('Find a tensor, operator, module or line')}
        value={model.focus.search}
        onChange={event => model.focus.setSearch(event.currentTarget.value)}
      />
      <button
        title={trans.__('Zoom in (+)')}
        aria-label={trans.__('Zoom in (+)')}
        onClick={() => model.sight.zoomBy(0.6, model.cursor)}
      >
        +
      </button>
      <button
        title={trans.__('Zoom out (-)')}
        aria-label={trans.__('Zoom out (-)')}
        onClick={() => model.sight.zoomBy(1 / 0.6, model.cursor)}
      >
        −
      </button>
      <button title={trans.__('Show all (f)')} onClick={() => model.sight.fit()}>
        {trans.__('Show all')}
      </button>
    </div>
  );
}

function TableHead({ model, trans }: MemoryViewProps): React.ReactElement {
  return (
    <div className="tengen-Memory-tablehead">
      <h3>{trans.__('Blocks')}</h3>
      <div role="group" aria-label={trans.__('Blocks')}>
        <button
          aria-pressed={model.listing.scope === 'moment'}
          onClick={() => model.listing.setScope('moment')}
        >
          {trans.__('at the cursor')}
        </button>
        <button
          aria-pressed={model.listing.scope === 'all'}
          onClick={() => model.listing.setScope('all')}
        >
          {trans.__('all')}
        </button>
      </div>
      <span>{trans.__('%1 blocks', model.listing.rows.length.toLocaleString('en'))}</span>
    </div>
  );
}
