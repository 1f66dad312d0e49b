/** Draws a scene on a canvas: only what is in sight, and only as much detail as can be seen. */

import type { Camera } from '../ui/canvas/camera.ts';
import type { FittedText } from '../ui/canvas/fitText.ts';
import { css, luminance, mix, onScale, type Palette, type Rgb } from '../ui/canvas/palette.ts';
import type { Colouring, Shade } from './colouring.ts';
import { labelOf, shapeText, SUBTITLE_SIZE, TITLE_SIZE } from './describe.ts';
import type { Highlight } from './highlight.ts';
import type { Mark } from './model.ts';
import { GROUP, HEADER, OPEN, type Scene } from './scene.ts';
import type { GraphTree, Item } from './tree.ts';

/** What is drawn, and how. */
export interface Picture {
  readonly tree: GraphTree;
  readonly scene: Scene;
  readonly camera: Camera;
  readonly palette: Palette;
  readonly text: FittedText;
  readonly colouring: Colouring | null;
  readonly highlight: Highlight | null;
  /** Whether what is not lit fades. */
  readonly fade: boolean;
  readonly selected: Item | null;
  readonly hovered: Item | null;
  readonly hits: ReadonlySet<Item>;
  readonly marks: ReadonlyMap<Item, Mark>;
}

/** From which size on the screen (pixels, or pixels per unit) details are drawn. */
const LEAST = { frame: 10, edges: 0.045, curves: 0.12, arrows: 0.34, corners: 0.4, text: 5.5, shapes: 0.72 };
const CORNER = 6;

/** Draw everything in a window of this size. */
export function drawPicture(
  pen: CanvasRenderingContext2D,
  picture: Picture,
  width: number,
  height: number
): void {
  pen.fillStyle = css(picture.palette.background);
  pen.fillRect(0, 0, width, height);
  new Painter(pen, picture, width, height).paint();
}

/** The colour of a class, figure or nothing. */
export function shadeColour(palette: Palette, shade: Shade): Rgb | null {
  if (!shade) {
    return null;
  }
  return 'heat' in shade
    ? onScale(palette.heat, Math.sqrt(shade.heat))
    : (palette.classes[shade.class % palette.classes.length] ?? null);
}

/** The colour and the sign of a mark. */
export function markStyle(palette: Palette, mark: Mark): { colour: Rgb; sign: string } {
  switch (mark) {
    case 'added':
      return { colour: palette.good, sign: '+' };
    case 'removed':
      return { colour: palette.bad, sign: '−' };
    case 'changed':
      return { colour: palette.warn, sign: '~' };
  }
}

class Painter {
  private readonly _pen: CanvasRenderingContext2D;
  private readonly _picture: Picture;
  private readonly _scale: number;
  private readonly _dx: number;
  private readonly _dy: number;
  private readonly _width: number;
  private readonly _height: number;
  private readonly _lit: number[] = [];
  private readonly _labels: [string, number, number][] = [];
  private _fill = '';

  constructor(pen: CanvasRenderingContext2D, picture: Picture, width: number, height: number) {
    this._pen = pen;
    this._picture = picture;
    this._scale = picture.camera.scale;
    this._dx = -picture.camera.x * this._scale;
    this._dy = -picture.camera.y * this._scale;
    this._width = width;
    this._height = height;
  }

  paint(): void {
    const { scene } = this._picture;
    const frames = this._visibleFrames();
    for (const box of frames) {
      this._frame(box);
    }
    if (this._scale >= LEAST.edges) {
      this._edges(frames);
    }
    this._fill = '';
    for (let box = 1; box < scene.count; ) {
      const closed = !((scene.bits[box] ?? 0) & OPEN);
      if (!this._inSight(box)) {
        box = scene.ends[box] ?? scene.count;
      } else if (closed || this._tiny(box)) {
        this._box(box);
        box = scene.ends[box] ?? scene.count;
      } else {
        box += 1;
      }
    }
    this._litEdges();
    this._edgeLabels();
    for (const box of frames) {
      this._header(box);
    }
    this._outlines();
  }

  private _left(box: number): number {
    return (this._picture.scene.x[box] ?? 0) * this._scale + this._dx;
  }

  private _top(box: number): number {
    return (this._picture.scene.y[box] ?? 0) * this._scale + this._dy;
  }

  private _wide(box: number): number {
    return (this._picture.scene.w[box] ?? 0) * this._scale;
  }

  private _high(box: number): number {
    return (this._picture.scene.h[box] ?? 0) * this._scale;
  }

  private _inSight(box: number): boolean {
    const [x, y] = [this._left(box), this._top(box)];
    return (
      x < this._width && y < this._height && x + this._wide(box) > 0 && y + this._high(box) > 0
    );
  }

  /** Whether an open group is too small for anyone to see what is in it. */
  private _tiny(box: number): boolean {
    return this._wide(box) < LEAST.frame && this._high(box) < 4 * LEAST.frame;
  }

  /** The open groups in sight, outer ones first; the root is always one. */
  private _visibleFrames(): number[] {
    const { scene } = this._picture;
    const found = [0];
    for (let box = 1; box < scene.count; ) {
      const open = (scene.bits[box] ?? 0) & OPEN;
      if (!this._inSight(box) || (open && this._tiny(box))) {
        box = scene.ends[box] ?? scene.count;
        continue;
      }
      if (open) {
        found.push(box);
      }
      box += 1;
    }
    return found;
  }

  private _frame(box: number): void {
    if (box === 0) {
      return;
    }
    const { palette, scene } = this._picture;
    const depth = scene.depths[box] ?? 0;
    const tint = palette.sharp ? palette.background : this._groupTint(depth);
    this._rectangle(box, css(tint), css(mix(palette.background, palette.border, 0.9)), CORNER + 2);
  }

  private _groupTint(depth: number): Rgb {
    const { background, dark, text } = this._picture.palette;
    return mix(background, text, (dark ? 0.035 : 0.028) * Math.min(depth, 6));
  }

  private _rectangle(box: number, fill: string, stroke: string, corner: number): void {
    const pen = this._pen;
    const [x, y, w, h] = [this._left(box), this._top(box), this._wide(box), this._high(box)];
    if (fill !== this._fill) {
      pen.fillStyle = this._fill = fill;
    }
    if (this._scale < LEAST.corners) {
      pen.fillRect(x, y, Math.max(w, 1), Math.max(h, 1));
      if (stroke && w > 6) {
        pen.strokeStyle = stroke;
        pen.lineWidth = 1;
        pen.strokeRect(x, y, w, h);
      }
      return;
    }
    pen.beginPath();
    pen.roundRect(x, y, w, h, corner * this._scale);
    pen.fill();
    if (stroke) {
      pen.strokeStyle = stroke;
      pen.lineWidth = 1;
      pen.stroke();
    }
  }

  private _box(box: number): void {
    const { colouring, palette, scene, tree } = this._picture;
    const item = scene.items[box] ?? 0;
    const group = item < 0;
    const faded = this._faded(item);
    const shade = colouring?.shadeOf(item) ?? null;
    const colour = shadeColour(palette, shade);
    const heat = shade !== null && 'heat' in shade;
    const depth = scene.depths[box] ?? 0;
    const plain = group ? mix(this._groupTint(depth), palette.brand, palette.sharp ? 0 : 0.07) : mix(palette.background, palette.text, 0.01);
    let fill = plain;
    if (colour && heat) {
      fill = colour;
    } else if (colour && !palette.sharp) {
      fill = mix(palette.background, colour, this._scale < 0.3 ? 0.55 : palette.dark ? 0.26 : 0.15);
    }
    let line: Rgb = colour
      ? mix(fill, heat ? palette.text : colour, heat ? 0.25 : 0.75)
      : mix(palette.background, palette.text, group ? 0.42 : 0.3);
    if (palette.sharp) {
      line = colour ?? palette.text;
    }
    if (faded) {
      [fill, line] = [mix(fill, palette.background, 0.78), mix(line, palette.background, 0.75)];
    }
    const end = !group && tree.edges.kindOf(item) !== 'node';
    const corner = end ? 14 : CORNER;
    const times = tree.group(item)?.times ?? 1;
    if (times > 1 && this._scale > 0.12) {
      this._stack(box, css(mix(fill, palette.background, 0.35)), css(line));
    }
    const visibleLine = this._scale >= 0.16 ? css(line) : '';
    this._rectangle(box, css(fill), visibleLine, corner);
    const ink: Rgb = luminance(fill) > 0.5 ? [24, 24, 24] : [244, 244, 244];
    const text = heat ? ink : palette.text;
    this._words(box, item, faded ? mix(text, fill, 0.6) : text, fill, times);
  }

  /** Two more sheets below a group that stands for several. */
  private _stack(box: number, fill: string, line: string): void {
    const pen = this._pen;
    const [x, y, w, h] = [this._left(box), this._top(box), this._wide(box), this._high(box)];
    for (const sheet of [2, 1]) {
      const off = 3.5 * sheet * this._scale;
      pen.fillStyle = this._fill = fill;
      pen.strokeStyle = line;
      pen.lineWidth = 1;
      pen.beginPath();
      pen.roundRect(x + off, y + off, w, h, CORNER * this._scale);
      pen.fill();
      pen.stroke();
    }
  }

  private _words(box: number, item: Item, colour: Rgb, fill: Rgb, times: number): void {
    const { text, tree } = this._picture;
    const [w, h] = [this._wide(box), this._high(box)];
    const { title, subtitle } = labelOf(tree, item);
    // What is far away shows its title as large as fits, so that a map can be read.
    const group = item < 0;
    const size =
      group && this._scale < LEAST.corners
        ? Math.max(TITLE_SIZE * this._scale, Math.min(11, h * 0.42))
        : TITLE_SIZE * this._scale;
    if (size < LEAST.text || w < 14) {
      return;
    }
    const badge = times > 1 && size > 7 ? `×${times}` : '';
    const pad = Math.min(10 * this._scale, w * 0.08);
    const badgeRoom = badge ? text.width(badge, size) + pad : 0;
    const room = w - 2 * pad - badgeRoom;
    const x = this._left(box) + pad;
    const middle = this._top(box) + h / 2;
    const small = SUBTITLE_SIZE * this._scale;
    const two = subtitle !== '' && small >= LEAST.text && h > size + small + 4;
    this._write(text.fit(title, size, room), x, two ? middle - small * 0.62 : middle, size, colour, group ? 600 : 500);
    if (two) {
      const muted = mix(fill, colour, 0.68);
      this._write(text.fit(subtitle, small, room), x, middle + size * 0.62, small, muted, 400);
    }
    if (badge) {
      const right = this._left(box) + w - pad - text.width(badge, size);
      this._write(badge, right, middle, size, mix(fill, colour, 0.85), 600);
    }
  }

  private _header(box: number): void {
    const { palette, scene, text, tree } = this._picture;
    if (box === 0) {
      return;
    }
    const [w, h] = [this._wide(box), this._high(box)];
    const size = Math.max(TITLE_SIZE * this._scale, Math.min(11, HEADER * this._scale));
    if (size < LEAST.text + 1.5 || w < 40 || h < 30) {
      return;
    }
    const item = scene.items[box] ?? 0;
    const group = tree.group(item);
    const pad = 10 * this._scale;
    // The name of a group stays in sight while any of it is.
    const x = Math.max(this._left(box), 0) + pad;
    const top = Math.min(Math.max(this._top(box), 0), this._top(box) + h - HEADER * this._scale);
    const middle = top + (HEADER * this._scale) / 2;
    const right = Math.min(this._left(box) + w, this._width);
    const name = text.fit(group?.name ?? '', size, right - x - pad);
    const faded = this._faded(item);
    const ink = faded ? palette.muted : palette.text;
    const plate = css(this._groupTint(scene.depths[box] ?? 0), 0.86);
    // Bold letters are a little wider than those that were measured.
    const nameWidth = text.width(name, size) * 1.07 + Math.max(pad, 6);
    const kind = text.fit(group?.kind ?? '', size * 0.9, right - x - nameWidth - pad);
    const plateWidth = nameWidth + text.width(kind, size * 0.9);
    if (name) {
      this._pen.fillStyle = this._fill = plate;
      this._pen.fillRect(x - 3, middle - size * 0.75, plateWidth + 8, size * 1.5);
      this._write(name, x, middle, size, ink, 600);
    }
    if (kind) {
      const muted = mix(palette.background, palette.text, 0.6);
      this._write(kind, x + nameWidth, middle, size * 0.9, muted, 400);
    }
  }

  private _write(
    words: string,
    x: number,
    middle: number,
    size: number,
    colour: Rgb,
    weight: number
  ): void {
    if (words) {
      const pen = this._pen;
      pen.font = `${weight} ${size.toFixed(2)}px ${this._picture.palette.font}`;
      pen.textBaseline = 'middle';
      pen.fillStyle = this._fill = css(colour);
      pen.fillText(words, x, middle + size * 0.04);
    }
  }

  private _faded(item: Item): boolean {
    const { fade, highlight } = this._picture;
    return fade && highlight !== null && !highlight.has(item);
  }

  private _edges(frames: readonly number[]): void {
    const { highlight, palette, scene } = this._picture;
    const pen = this._pen;
    const faint = this._picture.fade && highlight !== null;
    const colour = mix(palette.background, palette.text, palette.sharp ? 0.9 : faint ? 0.16 : 0.42);
    pen.strokeStyle = css(colour);
    pen.lineWidth = Math.min(1.25, Math.max(0.6, 1.6 * this._scale));
    pen.beginPath();
    for (const box of frames) {
      const end = scene.edgeEnds[box] ?? 0;
      for (let edge = scene.edgeStarts[box] ?? 0; edge < end; edge++) {
        if (highlight && this._isLit(edge, scene.items[box] ?? 0, highlight)) {
          this._lit.push(edge);
        } else if (this._edgeInSight(edge)) {
          this._trace(edge);
        }
        // What comes from outside or goes there has its label there.
        const frame = scene.items[box];
        const inside = scene.from[edge] !== frame && scene.to[edge] !== frame;
        if (this._scale >= LEAST.shapes && inside) {
          this._label(edge);
        }
      }
    }
    pen.stroke();
    if (this._scale >= LEAST.arrows) {
      pen.fillStyle = this._fill = css(colour);
      pen.beginPath();
      for (const box of frames) {
        for (let edge = scene.edgeStarts[box] ?? 0; edge < (scene.edgeEnds[box] ?? 0); edge++) {
          this._arrow(edge, scene.items[box] ?? 0);
        }
      }
      pen.fill();
    }
  }

  private _isLit(edge: number, frame: Item, highlight: Highlight): boolean {
    const { from, to } = this._picture.scene;
    const [start, end] = [from[edge] ?? 0, to[edge] ?? 0];
    return highlight.hasEdge(start, end, start === frame ? 'from' : end === frame ? 'to' : null);
  }

  private _edgeInSight(edge: number): boolean {
    const { offsets, points } = this._picture.scene;
    const [first, last] = [offsets[edge] ?? 0, (offsets[edge + 1] ?? 0) - 2];
    const top = (points[first + 1] ?? 0) * this._scale + this._dy;
    const bottom = (points[last + 1] ?? 0) * this._scale + this._dy;
    if (Math.max(top, bottom) < 0 || Math.min(top, bottom) > this._height) {
      return false;
    }
    // The bends lie anywhere between; only edges of two points are surely out of sight sideways.
    if (last - first > 2) {
      return true;
    }
    const a = (points[first] ?? 0) * this._scale + this._dx;
    const b = (points[last] ?? 0) * this._scale + this._dx;
    return Math.max(a, b) >= 0 && Math.min(a, b) <= this._width;
  }

  private _trace(edge: number): void {
    const { offsets, points } = this._picture.scene;
    const pen = this._pen;
    const end = offsets[edge + 1] ?? 0;
    let p = offsets[edge] ?? 0;
    let x = (points[p] ?? 0) * this._scale + this._dx;
    let y = (points[p + 1] ?? 0) * this._scale + this._dy;
    pen.moveTo(x, y);
    for (p += 2; p < end; p += 2) {
      const nx = (points[p] ?? 0) * this._scale + this._dx;
      const ny = (points[p + 1] ?? 0) * this._scale + this._dy;
      if (Math.abs(nx - x) < 0.75 || this._scale < LEAST.curves) {
        pen.lineTo(nx, ny);
      } else {
        const half = Math.max((ny - y) / 2, 12 * this._scale);
        pen.bezierCurveTo(x, y + half, nx, ny - half, nx, ny);
      }
      [x, y] = [nx, ny];
    }
  }

  private _arrow(edge: number, frame: Item): void {
    const { offsets, points, to } = this._picture.scene;
    if (to[edge] === frame || !this._edgeInSight(edge)) {
      return;
    }
    const last = (offsets[edge + 1] ?? 0) - 2;
    const x = (points[last] ?? 0) * this._scale + this._dx;
    const y = (points[last + 1] ?? 0) * this._scale + this._dy;
    const size = Math.min(5, 6 * this._scale);
    this._pen.moveTo(x, y);
    this._pen.lineTo(x - size * 0.7, y - size * 1.4);
    this._pen.lineTo(x + size * 0.7, y - size * 1.4);
  }

  private _litEdges(): void {
    if (!this._lit.length) {
      return;
    }
    const pen = this._pen;
    pen.strokeStyle = css(this._picture.palette.brand);
    pen.lineWidth = Math.max(1.5, 2 * this._scale);
    pen.beginPath();
    for (const edge of this._lit) {
      this._trace(edge);
    }
    pen.stroke();
    if (this._scale < LEAST.shapes && this._scale > 0.4) {
      this._lit.forEach(edge => this._label(edge));
    }
  }

  private _label(edge: number): void {
    const { scene, tree } = this._picture;
    const { offsets, points } = scene;
    const first = offsets[edge] ?? 0;
    // In the gap before the first bend there is room.
    const x = (((points[first] ?? 0) + (points[first + 2] ?? 0)) / 2) * this._scale + this._dx;
    const y = (((points[first + 1] ?? 0) + (points[first + 3] ?? 0)) / 2) * this._scale + this._dy;
    if (x < 0 || y < 0 || x > this._width || y > this._height) {
      return;
    }
    const carried = scene.carried[edge] ?? 1;
    const tensor = tree.edges.tensors[scene.tensors[edge] ?? 0];
    const words = carried > 1 ? `${carried} ⋮` : tensor ? shapeText(tensor) : '';
    this._labels.push([words, x, y]);
  }

  private _edgeLabels(): void {
    const { palette, text } = this._picture;
    const size = Math.max(8, 9.5 * this._scale);
    const taken: [number, number, number][] = [];
    for (const [words, x, y] of this._labels) {
      const half = text.width(words, size) / 2 + 3;
      const hidden = taken.some(
        ([left, right, at]) => Math.abs(at - y) < size + 2 && x + half > left && x - half < right
      );
      if (hidden) {
        continue;
      }
      taken.push([x - half, x + half, y]);
      this._pen.fillStyle = this._fill = css(palette.background, 0.85);
      this._pen.fillRect(x - half, y - size * 0.65, 2 * half, size * 1.3);
      this._write(words, x - half + 3, y, size, palette.muted, 400);
    }
  }

  private _outlines(): void {
    const { hits, hovered, marks, palette, scene, selected } = this._picture;
    for (const [item, mark] of marks) {
      const box = scene.boxes.get(item);
      if (box !== undefined && this._inSight(box)) {
        const { colour, sign } = markStyle(palette, mark);
        if ((scene.bits[box] ?? 0) & OPEN) {
          continue; // what is in it shows its own marks
        }
        this._outline(box, colour, 2);
        if (this._scale > 0.3) {
          this._sign(box, colour, sign);
        }
      }
    }
    for (const item of hits) {
      this._outlineItem(item, palette.warn, 2);
    }
    if (hovered !== null && hovered !== selected) {
      this._outlineItem(hovered, mix(palette.background, palette.brand, 0.65), 1.5);
    }
    if (selected !== null) {
      this._outlineItem(selected, palette.brand, palette.sharp ? 4 : 2.5);
    }
  }

  private _outlineItem(item: Item, colour: Rgb, width: number): void {
    const box = this._picture.scene.boxes.get(item);
    if (box !== undefined && this._inSight(box)) {
      this._outline(box, colour, width);
    }
  }

  private _outline(box: number, colour: Rgb, width: number): void {
    const pen = this._pen;
    const grow = width / 2;
    const corner = ((this._picture.scene.bits[box] ?? 0) & GROUP ? CORNER + 2 : CORNER) * this._scale;
    pen.strokeStyle = css(colour);
    pen.lineWidth = width;
    pen.beginPath();
    pen.roundRect(
      this._left(box) - grow,
      this._top(box) - grow,
      Math.max(this._wide(box), 3) + width,
      Math.max(this._high(box), 3) + width,
      corner + grow
    );
    pen.stroke();
  }

  /** A sign in a disc on the corner, so that no one has to tell colours apart. */
  private _sign(box: number, colour: Rgb, sign: string): void {
    const size = Math.max(7, 9 * this._scale);
    const [x, y] = [this._left(box) + this._wide(box), this._top(box)];
    this._pen.fillStyle = this._fill = css(colour);
    this._pen.beginPath();
    this._pen.arc(x, y, size * 0.8, 0, 2 * Math.PI);
    this._pen.fill();
    const ink: Rgb = luminance(colour) > 0.55 ? [0, 0, 0] : [255, 255, 255];
    const half = this._picture.text.width(sign, size * 1.2) / 2;
    this._write(sign, x - half, y, size * 1.2, ink, 700);
  }
}
