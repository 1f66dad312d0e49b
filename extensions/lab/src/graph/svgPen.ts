/** A pen with the methods of a canvas that the painter uses, which writes SVG. */

const round = (value: number) => String(Math.round(value * 100) / 100);

/** Collects shapes and trans; `text` is the file. */
export class SvgPen {
  fillStyle = '#000';
  strokeStyle = '#000';
  lineWidth = 1;
  font = '10px sans-serif';
  textBaseline = 'alphabetic';
  private readonly _parts: string[] = [];
  private readonly _width: number;
  private readonly _height: number;
  private _path = '';
  private _dash = '';

  constructor(width: number, height: number) {
    this._width = width;
    this._height = height;
  }

  text(): string {
    const size = `width="${this._width}" height="${this._height}"`;
    const box = `viewBox="0 0 ${this._width} ${this._height}"`;
    const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${box}>`;
    return `${head}\n${this._parts.join('\n')}\n</svg>\n`;
  }

  setLineDash(dash: readonly number[]): void {
    this._dash = dash.length ? ` stroke-dasharray="${dash.join(' ')}"` : '';
  }

  beginPath(): void {
    this._path = '';
  }

  moveTo(x: number, y: number): void {
    this._path += `M${round(x)} ${round(y)}`;
  }

  lineTo(x: number, y: number): void {
    this._path += `L${round(x)} ${round(y)}`;
  }

  bezierCurveTo(...points: number[]): void {
    this._path += `C${points.map(round).join(' ')}`;
  }

  roundRect(x: number, y: number, w: number, h: number, corner: number): void {
    const r = Math.min(corner, w / 2, h / 2);
    const arc = `a${round(r)} ${round(r)} 0 0 1`;
    const [rr, mr] = [round(r), round(-r)];
    this._path +=
      `M${round(x + r)} ${round(y)}h${round(w - 2 * r)}${arc} ${rr} ${rr}` +
      `v${round(h - 2 * r)}${arc} ${mr} ${rr}h${round(2 * r - w)}${arc} ${mr} ${mr}` +
      `v${round(2 * r - h)}${arc} ${rr} ${mr}Z`;
  }

  arc(x: number, y: number, r: number): void {
    const [d, full] = [round(2 * r), `${round(r)} ${round(r)} 0 1 0`];
    this._path += `M${round(x - r)} ${round(y)}a${full} ${d} 0a${full} -${d} 0Z`;
  }

  fill(): void {
    this._add('path', `d="${this._path}" fill="${this.fillStyle}"`);
  }

  stroke(): void {
    const line = `stroke="${this.strokeStyle}" stroke-width="${round(this.lineWidth)}"${this._dash}`;
    this._add('path', `d="${this._path}" fill="none" ${line}`);
  }

  fillRect(x: number, y: number, w: number, h: number): void {
    this._add('rect', `${this._spot(x, y, w, h)} fill="${this.fillStyle}"`);
  }

  strokeRect(x: number, y: number, w: number, h: number): void {
    const line = `stroke="${this.strokeStyle}" stroke-width="${round(this.lineWidth)}"${this._dash}`;
    this._add('rect', `${this._spot(x, y, w, h)} fill="none" ${line}`);
  }

  fillText(words: string, x: number, y: number): void {
    const [, weight = '400', size = '10', family = 'sans-serif'] =
      /^(\d+) ([\d.]+)px (.*)$/.exec(this.font) ?? [];
    const style = `font-weight="${weight}" font-size="${size}" font-family="${escape(family)}"`;
    const place = `x="${round(x)}" y="${round(y)}" dominant-baseline="central"`;
    this._parts.push(`<text ${place} ${style} fill="${this.fillStyle}">${escape(words)}</text>`);
  }

  private _spot(x: number, y: number, w: number, h: number): string {
    return `x="${round(x)}" y="${round(y)}" width="${round(w)}" height="${round(h)}"`;
  }

  private _add(name: string, attributes: string): void {
    if (!attributes.startsWith('d=""')) {
      this._parts.push(`<${name} ${attributes}/>`);
    }
  }
}

function escape(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, letter => names[letter] ?? letter);
}
