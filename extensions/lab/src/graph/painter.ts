/** What every painter needs: where boxes are on the screen, and a pen that knows the theme. */

import { css, type Rgb } from '../ui/canvas/palette.ts';
import type { Picture } from './draw.ts';
import { OPEN } from './scene.ts';
import type { Item } from './tree.ts';

/** From which size on the screen (pixels, or pixels per unit) details are drawn. */
export const LEAST = {
  frame: 10,
  edges: 0.045,
  curves: 0.12,
  arrows: 0.34,
  corners: 0.4,
  text: 5.5,
  shapes: 0.72
};
export const CORNER = 6;

/** A picture in a window, with the pen. */
export class Painter {
  protected readonly _pen: CanvasRenderingContext2D;
  protected readonly _picture: Picture;
  protected readonly _scale: number;
  protected readonly _dx: number;
  protected readonly _dy: number;
  protected readonly _width: number;
  protected readonly _height: number;

  constructor(pen: CanvasRenderingContext2D, picture: Picture, width: number, height: number) {
    this._pen = pen;
    this._picture = picture;
    this._scale = picture.camera.scale;
    this._dx = -picture.camera.x * this._scale;
    this._dy = -picture.camera.y * this._scale;
    this._width = width;
    this._height = height;
  }

  protected _left(box: number): number {
    return (this._picture.scene.x[box] ?? 0) * this._scale + this._dx;
  }

  protected _top(box: number): number {
    return (this._picture.scene.y[box] ?? 0) * this._scale + this._dy;
  }

  protected _wide(box: number): number {
    return (this._picture.scene.w[box] ?? 0) * this._scale;
  }

  protected _high(box: number): number {
    return (this._picture.scene.h[box] ?? 0) * this._scale;
  }

  protected _inSight(box: number): boolean {
    const [x, y] = [this._left(box), this._top(box)];
    return (
      x < this._width && y < this._height && x + this._wide(box) > 0 && y + this._high(box) > 0
    );
  }

  /** Whether an open group is too small for anyone to see what is in it. */
  protected _tiny(box: number): boolean {
    return this._wide(box) < LEAST.frame && this._high(box) < 4 * LEAST.frame;
  }

  /** The open groups in sight, outer ones first; the root is always one. */
  visibleFrames(): number[] {
    const { scene } = this._picture;
    const found = [0];
    for (let box = 1; box < scene.count;) {
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

  protected _write(
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
      pen.fillStyle = css(colour);
      pen.fillText(words, x, middle + size * 0.04);
    }
  }

  protected _faded(item: Item): boolean {
    const { fade, highlight } = this._picture;
    return fade && highlight !== null && !highlight.has(item);
  }
}
