/** Paints groups and leaves: frames, boxes, their words, and the marks around them. */

import { css, luminance, mix, type Rgb } from '../ui/canvas/palette.ts';
import { labelOf, SUBTITLE_SIZE, TITLE_SIZE } from './describe.ts';
import { CORNER, LEAST, Painter } from './painter.ts';
import { GROUP, HEADER, OPEN } from './scene.ts';
import type { Item } from './tree.ts';
import { markStyle, shadeColour } from './shades.ts';

/** More outlines than this say nothing, and take their time in every frame. */
const MOST_LINKED = 2000;

/** Paints the boxes of one picture. */
export class BoxPainter extends Painter {
  /** The frames of open groups. */
  frames(boxes: readonly number[]): void {
    boxes.forEach(box => this._frame(box));
  }

  /** Leaves and closed groups, and open ones too small to look into. */
  boxes(): void {
    const { scene } = this._picture;
    for (let box = 1; box < scene.count;) {
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
  }

  /** The names of open groups. */
  headers(boxes: readonly number[]): void {
    boxes.forEach(box => this._header(box));
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
    pen.fillStyle = fill;
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
    const plain = group
      ? mix(this._groupTint(depth), palette.brand, palette.sharp ? 0 : 0.07)
      : mix(palette.background, palette.text, 0.01);
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
      pen.fillStyle = fill;
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
    this._write(
      text.fit(title, size, room),
      x,
      two ? middle - small * 0.62 : middle,
      size,
      colour,
      group ? 600 : 500
    );
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
      this._pen.fillStyle = plate;
      this._pen.fillRect(x - 3, middle - size * 0.75, plateWidth + 8, size * 1.5);
      this._write(name, x, middle, size, ink, 600);
    }
    if (kind) {
      const muted = mix(palette.background, palette.text, 0.6);
      this._write(kind, x + nameWidth, middle, size * 0.9, muted, 400);
    }
  }

  /** What is marked, found, under the pointer and chosen. */
  outlines(): void {
    const { hits, hovered, linked, marks, palette, scene, selected } = this._picture;
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
    this._pen.setLineDash([6, 3]);
    let drawn = 0;
    for (const item of linked) {
      if (item !== selected && drawn < MOST_LINKED) {
        this._outlineItem(item, palette.brand, palette.sharp ? 4 : 2.5);
        drawn += 1;
      }
    }
    this._pen.setLineDash([]);
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
    const corner =
      ((this._picture.scene.bits[box] ?? 0) & GROUP ? CORNER + 2 : CORNER) * this._scale;
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
    this._pen.fillStyle = css(colour);
    this._pen.beginPath();
    this._pen.arc(x, y, size * 0.8, 0, 2 * Math.PI);
    this._pen.fill();
    const ink: Rgb = luminance(colour) > 0.55 ? [0, 0, 0] : [255, 255, 255];
    const half = this._picture.text.width(sign, size * 1.2) / 2;
    this._write(sign, x - half, y, size * 1.2, ink, 700);
  }
}
