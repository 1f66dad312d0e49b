/** A canvas that fills its parent, sharp on any screen, drawn at most once a frame. */

/** Owns the canvas; `draw` gets a pen in CSS pixels and the size. */
export class Surface {
  readonly canvas: HTMLCanvasElement;
  private readonly _draw: (pen: CanvasRenderingContext2D, width: number, height: number) => void;
  private readonly _observer: ResizeObserver;
  private _frame = 0;
  private _width = 0;
  private _height = 0;

  constructor(
    parent: HTMLElement,
    draw: (pen: CanvasRenderingContext2D, width: number, height: number) => void,
    resized: () => void = () => undefined
  ) {
    this.canvas = document.createElement('canvas');
    this.canvas.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;display:block';
    parent.append(this.canvas);
    this._draw = draw;
    this._observer = new ResizeObserver(() => {
      if (this._measure()) {
        resized();
        this.drawNow();
      }
    });
    this._observer.observe(parent);
    this._measure();
  }

  /** In CSS pixels; 0 while it is hidden. */
  get width(): number {
    return this._width;
  }

  get height(): number {
    return this._height;
  }

  /** Draw with the next frame. */
  update(): void {
    this._frame ||= requestAnimationFrame(() => this.drawNow());
  }

  /** Draw at once. */
  drawNow(): void {
    cancelAnimationFrame(this._frame);
    this._frame = 0;
    const pen = this.canvas.getContext('2d', { alpha: false });
    if (pen && this._width && this._height) {
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
      this._draw(pen, this._width, this._height);
    }
  }

  /** Screen pixels per CSS pixel. */
  get ratio(): number {
    return window.devicePixelRatio || 1;
  }

  dispose(): void {
    cancelAnimationFrame(this._frame);
    this._observer.disconnect();
    this.canvas.remove();
  }

  private _measure(): boolean {
    const { clientWidth, clientHeight } = this.canvas.parentElement ?? this.canvas;
    const [width, height] = [
      Math.round(clientWidth * this.ratio),
      Math.round(clientHeight * this.ratio)
    ];
    const changed = this.canvas.width !== width || this.canvas.height !== height;
    [this._width, this._height] = [clientWidth, clientHeight];
    if (changed) {
      [this.canvas.width, this.canvas.height] = [width, height];
    }
    return changed && width > 0;
  }
}
