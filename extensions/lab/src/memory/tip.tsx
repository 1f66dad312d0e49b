/** What is under the pointer, in a small box beside it. */

import type { Texts } from '../ui/signals.ts';
import * as React from 'react';
import { formatShare, formatSize } from './format.ts';
import type { MemoryModel } from './model.ts';
import type { Painter } from './painter.ts';
import { place } from './rows.ts';
import type { Timeline } from './timeline.ts';
import { kindName } from './words.ts';

/** Where a tip stands, and what it speaks of. */
export interface TipContent {
  timeline: Timeline;
  time: number;
  block: number;
  left: number;
  top: number;
  flip: boolean;
}

/** The tip for the pointer's place; null where the track is not pointed at. */
export function tipOf(model: MemoryModel, index: number, painter: Painter): TipContent | null {
  const track = model.tracks[index];
  const { hovered, pointer } = model;
  if (!track || pointer === null || hovered?.track !== index) {
    return null;
  }
  const { layout } = painter;
  const x = painter.placeOf(pointer);
  return {
    timeline: track.timeline,
    time: track.fromReference(pointer),
    block: hovered.block,
    left: x,
    top: layout.blocksTop,
    flip: x > layout.width / 2
  };
}

/** Draws a tip. */
export function Tip(props: TipContent & { trans: Texts }): React.ReactElement {
  const { timeline, block, time, trans, flip } = props;
  const origin = timeline.originOf(block);
  const total = timeline.totalsAt(time).reduce((sum, bytes) => sum + bytes, 0);
  const bytes = timeline.bytes[block] as number;
  const kind = timeline.document.kinds[timeline.kind[block] as number];
  const side: React.CSSProperties = flip
    ? { right: `calc(100% - ${props.left - 12}px)` }
    : { left: props.left + 12 };
  return (
    <div className="tengen-Memory-tip" role="tooltip" style={{ ...side, top: 4 }}>
      <strong>{timeline.tensorOf(block) || origin.op}</strong>
      <span>
        {formatSize(bytes)} · {formatShare(bytes, total)}
        {kind && ` · ${kindName(kind, trans)}`}
      </span>
      {timeline.tensorOf(block) && <span>{origin.op}</span>}
      {origin.module && <span>{origin.module}</span>}
      {timeline.shapeOf(block) && <code>{timeline.shapeOf(block)}</code>}
      {origin.source && (
        <code>
          {place(origin.source)} {origin.source.text}
        </code>
      )}
      <span>{trans.__('%1 held in all at this moment', formatSize(total))}</span>
    </div>
  );
}
