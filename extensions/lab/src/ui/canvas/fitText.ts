/** Texts cut to a width, measured once each. */

const MOST = 20_000;

/** Measures and cuts texts in one font. */
export class FittedText {
  private readonly _pen: CanvasRenderingContext2D | null;
  private readonly _widths = new Map<string, number>();
  private readonly _cuts = new Map<string, string>();

  /** `font` as CSS, of size 10 px; widths scale with the size drawn. */
  constructor(font: string) {
    this._pen = document.createElement('canvas').getContext('2d');
    if (this._pen) {
      this._pen.font = font;
    }
  }

  /** The width of a text in a font size. */
  width(text: string, size: number): number {
    let known = this._widths.get(text);
    if (known === undefined) {
      known = (this._pen?.measureText(text).width ?? 6 * text.length) / 10;
      if (this._widths.size > MOST) {
        this._widths.clear();
      }
      this._widths.set(text, known);
    }
    return known * size;
  }

  /** The text, with its middle left out if it is wider than `room`; "" if nothing would be left. */
  fit(text: string, size: number, room: number): string {
    if (this.width(text, size) <= room) {
      return text;
    }
    const letters = Math.floor(room / size / 0.56) - 1;
    if (letters < 2) {
      return '';
    }
    const key = `${letters} ${text}`;
    let known = this._cuts.get(key);
    if (known === undefined) {
      known = this._cut(text, size, room, letters);
      if (this._cuts.size > MOST) {
        this._cuts.clear();
      }
      this._cuts.set(key, known);
    }
    return known;
  }

  private _cut(text: string, size: number, room: number, letters: number): string {
    for (let left = Math.min(letters, text.length - 1); left >= 2; left--) {
      const head = Math.ceil(left * 0.6);
      const cut = `${text.slice(0, head)}…${text.slice(text.length - (left - head))}`;
      if (this.width(cut, size) <= room) {
        return cut;
      }
    }
    return '';
  }
}
