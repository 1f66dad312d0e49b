/** Paints edges, those that are lit above the others, with the shapes of what runs along them. */

import { css, mix } from '../ui/canvas/palette.ts';
import { shapeText } from './describe.ts';
import type { Highlight } from './highlight.ts';
import { LEAST, Painter } from './painter.ts';
import type { Item } from './tree.ts';

/** Paints the edges of one picture. */
export class EdgePainter extends Painter {
  private readonly _lit: number[] = [];
  private readonly _labels: [string, number, number][] = [];

  /** The edges in open groups, below the boxes. */
  edges(frames: readonly number[]): void {
    if (this._scale < LEAST.edges) {
      return;
    }
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
      pen.fillStyle = css(colour);
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

  /** The lit edges, above the boxes. */
  litEdges(): void {
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

  /** The shapes of tensors. */
  labels(): void {
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
      this._pen.fillStyle = css(palette.background, 0.85);
      this._pen.fillRect(x - half, y - size * 0.65, 2 * half, size * 1.3);
      this._write(words, x - half + 3, y, size, palette.muted, 400);
    }
  }
}
