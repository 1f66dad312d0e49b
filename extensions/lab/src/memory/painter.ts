/** Draws one track on its canvases: the curve of bytes held, the blocks, and what lies over them. */

import { formatSize, ticks } from './format.ts';
import type { MemoryModel } from './model.ts';
import type { Palette } from './palette.ts';
import { Raster } from './raster.ts';

/** Where things stand in the canvas, in CSS pixels. */
export interface Layout {
  width: number;
  height: number;
  left: number;
  plot: number;
  curveTop: number;
  curveHeight: number;
  blocksTop: number;
  blocksHeight: number;
}

/** The layout of a canvas of this size. */
export function layoutOf(width: number, height: number): Layout {
  const left = 62;
  const curveTop = 18;
  const curveHeight = Math.round(Math.min(150, height * 0.32));
  const blocksTop = curveTop + curveHeight + 14;
  return {
    width,
    height,
    left,
    plot: Math.max(width - left - 6, 1),
    curveTop,
    curveHeight,
    blocksTop,
    blocksHeight: Math.max(height - blocksTop - 6, 1)
  };
}

/** A rectangle being drawn with the pointer, in CSS pixels along the plot. */
export interface Brush {
  from: number;
  to: number;
}

/** The words that a painter writes. */
export interface Words {
  capacity: string;
  mark(name: string): string;
}

/** Keeps a track's picture; draws anew only what changed. */
export class Painter {
  layout: Layout = layoutOf(1, 1);
  raster = new Raster(1, 1);
  brush: Brush | null = null;
  private readonly _model: MemoryModel;
  private readonly _index: number;
  private readonly _back: CanvasRenderingContext2D;
  private readonly _front: CanvasRenderingContext2D;
  private _scale = 1;

  constructor(
    model: MemoryModel,
    index: number,
    back: HTMLCanvasElement,
    front: HTMLCanvasElement
  ) {
    this._model = model;
    this._index = index;
    this._back = context(back);
    this._front = context(front);
  }

  /** Fit the canvases to a size in CSS pixels. */
  resize(width: number, height: number, scale: number): void {
    this._scale = scale;
    this.layout = layoutOf(width, height);
    for (const { canvas } of [this._back, this._front]) {
      canvas.width = Math.max(1, Math.round(width * scale));
      canvas.height = Math.max(1, Math.round(height * scale));
    }
  }

  /** Draw curve, blocks and axes. */
  drawBack(palette: Palette, words: Words): void {
    const { layout } = this;
    const g = this._back;
    g.setTransform(this._scale, 0, 0, this._scale, 0, 0);
    g.clearRect(0, 0, layout.width, layout.height);
    g.font = font(g.canvas);
    this._drawBlocks(palette);
    this._drawCurve(palette, words);
    this._drawMarks(palette, words);
  }

  /** Draw cursor, pointer, chosen blocks and brush. */
  drawFront(palette: Palette): void {
    const { layout } = this;
    const g = this._front;
    g.setTransform(this._scale, 0, 0, this._scale, 0, 0);
    g.clearRect(0, 0, layout.width, layout.height);
    const { hovered, selected } = this._model;
    g.save();
    g.beginPath();
    g.rect(layout.left, 0, layout.plot, layout.height);
    g.clip();
    if (this.brush) {
      const { from, to } = this.brush;
      g.fillStyle = palette.accent;
      g.globalAlpha = 0.16;
      g.fillRect(layout.left + Math.min(from, to), layout.curveTop, Math.abs(to - from), 1e4);
      g.globalAlpha = 1;
    }
    const { pointer, cursor } = this._model;
    if (pointer !== null) {
      this._line(pointer, palette.faint, []);
    }
    this._line(cursor, palette.text, [4, 3]);
    if (hovered?.track === this._index) {
      this._outline(hovered.block, palette.text, 1);
    }
    if (selected?.track === this._index) {
      this._outline(selected.block, palette.accent, 2.5);
    }
    g.restore();
  }

  /** The first track's time at a place along the plot. */
  timeAt(x: number): number {
    const { from, to } = this._model.spanOf(this._index);
    const own = from + ((x - this.layout.left) / this.layout.plot) * (to - from);
    return this._model.tracks[this._index]?.toReference(own) ?? own;
  }

  /** Where along the plot a time of the first track lies. */
  placeOf(time: number): number {
    const { from, to } = this._model.spanOf(this._index);
    const own = this._model.tracks[this._index]?.fromReference(time) ?? time;
    return this.layout.left + ((own - from) / (to - from)) * this.layout.plot;
  }

  /** The block at a place, -1 if there is none. */
  blockAt(x: number, y: number): number {
    const { left, blocksTop } = this.layout;
    return this.raster.pick((x - left) * this._scale, (y - blocksTop) * this._scale);
  }

  /** The address at a height, counted from the lowest. */
  addressAt(y: number): number {
    const track = this._model.tracks[this._index];
    const span = this._model.spanOf(this._index);
    const { blocksTop, blocksHeight } = this.layout;
    const share = (blocksTop + blocksHeight - y) / blocksHeight;
    return span.low - (track?.timeline.bottom ?? 0) + share * (span.high - span.low);
  }

  private _drawBlocks(palette: Palette): void {
    const { left, plot, blocksTop, blocksHeight } = this.layout;
    const track = this._model.tracks[this._index];
    const g = this._back;
    const width = Math.max(1, Math.round(plot * this._scale));
    const height = Math.max(1, Math.round(blocksHeight * this._scale));
    if (!track) {
      return;
    }
    if (this.raster.width !== width || this.raster.height !== height) {
      this.raster = new Raster(width, height);
    }
    const span = this._model.spanOf(this._index);
    this.raster.draw(track.timeline, span, {
      inks: palette.inks(track.timeline.document.kinds),
      ground: palette.groundPixel,
      hidden: this._model.hiddenMask(this._index),
      focus: this._model.focus.of(this._index)
    });
    const pixels = new Uint8ClampedArray(this.raster.pixels.buffer);
    const x = Math.round(left * this._scale);
    const y = Math.round(blocksTop * this._scale);
    g.putImageData(new ImageData(pixels, width, height), x, y);
    const base = track.timeline.bottom;
    this._axis(palette, span.low - base, span.high - base, blocksTop, blocksHeight, false);
  }

  private _drawCurve(palette: Palette, words: Words): void {
    const { left, plot, curveTop, curveHeight } = this.layout;
    const model = this._model;
    const timeline = model.tracks[this._index]?.timeline;
    if (!timeline) {
      return;
    }
    const g = this._back;
    const ceiling = model.ceiling;
    const bottom = curveTop + curveHeight;
    g.fillStyle = palette.ground;
    g.fillRect(left, curveTop, plot, curveHeight);
    this._axis(palette, 0, ceiling, curveTop, curveHeight, true);
    const span = model.spanOf(this._index);
    const columns = Math.max(1, Math.round(plot * this._scale));
    const hidden = model.hiddenMask(this._index);
    const { totals } = timeline.spans(span.from, span.to, columns, hidden);
    const kinds = timeline.document.kinds;
    const heights = new Float64Array(columns);
    const step = plot / columns;
    kinds.forEach((kind, number) => {
      if ((hidden >> number) & 1) {
        return;
      }
      const shape = new Path2D();
      for (let column = 0; column < columns; column++) {
        const y = bottom - ((heights[column] as number) / ceiling) * curveHeight;
        shape.lineTo(left + column * step, y);
        shape.lineTo(left + (column + 1) * step, y);
      }
      for (let column = columns - 1; column >= 0; column--) {
        const bytes = totals[column * kinds.length + number] as number;
        heights[column] = (heights[column] as number) + bytes;
        const y = bottom - ((heights[column] as number) / ceiling) * curveHeight;
        shape.lineTo(left + (column + 1) * step, y);
        shape.lineTo(left + column * step, y);
      }
      g.fillStyle = palette.kinds[kind];
      g.fill(shape);
    });
    this._level(timeline.document.capacity ?? null, words.capacity, palette.alarm);
  }

  /** A dashed line at an amount of bytes, if it is in sight. */
  private _level(bytes: number | null, label: string, colour: string): void {
    const { left, plot, curveTop, curveHeight } = this.layout;
    const ceiling = this._model.ceiling;
    if (bytes === null || bytes > ceiling) {
      return;
    }
    const g = this._back;
    const y = Math.round(curveTop + curveHeight * (1 - bytes / ceiling)) + 0.5;
    g.strokeStyle = g.fillStyle = colour;
    g.setLineDash([5, 4]);
    g.beginPath();
    g.moveTo(left, y);
    g.lineTo(left + plot, y);
    g.stroke();
    g.setLineDash([]);
    g.textAlign = 'right';
    g.textBaseline = 'top';
    g.fillText(`${label} ${formatSize(bytes)}`, left + plot - 4, y + 3);
  }

  private _drawMarks(palette: Palette, words: Words): void {
    const { left, plot, curveTop, height } = this.layout;
    const document = this._model.tracks[this._index]?.timeline.document;
    const span = this._model.spanOf(this._index);
    const g = this._back;
    g.textAlign = 'left';
    g.textBaseline = 'bottom';
    let free = 0;
    for (const mark of document?.marks ?? []) {
      const x = left + ((mark.time - span.from) / (span.to - span.from)) * plot;
      if (x < left - 2 || x > left + plot) {
        continue;
      }
      g.strokeStyle = palette.line;
      g.beginPath();
      g.moveTo(Math.round(x) + 0.5, curveTop - 4);
      g.lineTo(Math.round(x) + 0.5, height);
      g.stroke();
      const text = words.mark(mark.name);
      const wide = g.measureText(text).width;
      if (x >= free && x + wide < left + plot + 6) {
        g.fillStyle = palette.text;
        g.fillText(text, x + 2, curveTop - 3);
        free = x + wide + 10;
      }
    }
  }

  private _axis(
    palette: Palette,
    low: number,
    high: number,
    top: number,
    height: number,
    lines: boolean
  ): void {
    const { left, plot } = this.layout;
    const g = this._back;
    g.textAlign = 'right';
    g.textBaseline = 'middle';
    for (const value of ticks(low, high, Math.max(2, Math.round(height / 44)))) {
      const y = Math.round(top + height * (1 - (value - low) / (high - low))) + 0.5;
      if (lines) {
        g.strokeStyle = palette.line;
        g.beginPath();
        g.moveTo(left, y);
        g.lineTo(left + plot, y);
        g.stroke();
      }
      g.fillStyle = palette.text;
      const inside = Math.min(Math.max(y, top + 6), top + height - 5);
      g.fillText(value === 0 ? '0' : formatSize(value), left - 6, inside);
    }
  }

  private _line(time: number, colour: string, dash: number[]): void {
    const { left, plot, curveTop, height } = this.layout;
    const x = Math.round(this.placeOf(time)) + 0.5;
    if (x < left || x > left + plot + 1) {
      return;
    }
    const g = this._front;
    g.strokeStyle = colour;
    g.lineWidth = 1;
    g.setLineDash(dash);
    g.beginPath();
    g.moveTo(x, curveTop);
    g.lineTo(x, height);
    g.stroke();
    g.setLineDash([]);
  }

  private _outline(block: number, colour: string, width: number): void {
    const timeline = this._model.tracks[this._index]?.timeline;
    if (!timeline) {
      return;
    }
    const { left, plot, blocksTop, blocksHeight } = this.layout;
    const span = this._model.spanOf(this._index);
    const across = plot / (span.to - span.from);
    const up = blocksHeight / (span.high - span.low);
    const x = left + ((timeline.birth[block] as number) - span.from) * across;
    const base = (timeline.address[block] as number) - span.low;
    const size = timeline.bytes[block] as number;
    const wide = ((timeline.death[block] as number) - (timeline.birth[block] as number)) * across;
    const y = blocksTop + blocksHeight - (base + size) * up;
    const g = this._front;
    g.strokeStyle = colour;
    g.lineWidth = width;
    g.strokeRect(x - 0.5, y - 0.5, Math.max(wide, 3), Math.max(size * up, 3));
  }
}

function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const found = canvas.getContext('2d');
  if (!found) {
    throw new Error('This browser gives no canvas to draw on.');
  }
  return found;
}

function font(canvas: HTMLCanvasElement): string {
  return `11px ${getComputedStyle(canvas).fontFamily || 'sans-serif'}`;
}
