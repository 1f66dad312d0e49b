/** The theme's colours as numbers that a canvas can mix. */

/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [number, number, number];

/** What a canvas draws with; taken anew when the theme changes. */
export interface Palette {
  readonly dark: boolean;
  /** High contrast: no tints under text, stronger lines. */
  readonly sharp: boolean;
  readonly background: Rgb;
  readonly surface: Rgb;
  readonly border: Rgb;
  readonly text: Rgb;
  readonly muted: Rgb;
  readonly brand: Rgb;
  readonly good: Rgb;
  readonly warn: Rgb;
  readonly bad: Rgb;
  readonly classes: readonly Rgb[];
  readonly heat: readonly Rgb[];
  readonly font: string;
}

// Told apart by people who see red and green alike, in this order.
const CLASSES = [
  [0x3b, 0x7d, 0xd8],
  [0xe0, 0x8a, 0x1e],
  [0x1b, 0x9e, 0x8a],
  [0x8a, 0x63, 0xd2],
  [0xc9, 0x4f, 0x7c],
  [0x6b, 0x8e, 0x23],
  [0xb0, 0x5a, 0x2b],
  [0x7a, 0x86, 0x94]
] as const;
const HEAT_LIGHT = [
  [0xfb, 0xf3, 0xe2],
  [0xfd, 0xc9, 0x7f],
  [0xf0, 0x7f, 0x2e],
  [0xb9, 0x2b, 0x1d]
] as const;
const HEAT_DARK = [
  [0x33, 0x2d, 0x26],
  [0x7d, 0x4c, 0x17],
  [0xd6, 0x70, 0x18],
  [0xff, 0xc0, 0x7a]
] as const;

/** The palette of the theme in force around an element. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const pen = document.createElement('canvas').getContext('2d');
  const colour = (name: string, otherwise: string): Rgb => {
    const value = style.getPropertyValue(name).trim();
    if (!pen) {
      return [0, 0, 0];
    }
    pen.fillStyle = otherwise;
    pen.fillStyle = value || otherwise;
    return parse(String(pen.fillStyle));
  };
  const background = colour('--jp-layout-color1', '#ffffff');
  const dark = luminance(background) < 0.4;
  const text = colour('--jp-ui-font-color1', dark ? '#e0e0e0' : '#212121');
  const theme = element.ownerDocument.body.dataset['jpThemeName'] ?? '';
  return {
    dark,
    sharp: /contrast/i.test(theme) || matchMedia('(prefers-contrast: more)').matches,
    background,
    surface: colour('--jp-layout-color2', dark ? '#424242' : '#eeeeee'),
    border: colour('--jp-border-color1', dark ? '#616161' : '#bdbdbd'),
    text,
    muted: mix(background, text, 0.66),
    brand: colour('--jp-brand-color1', '#1976d2'),
    good: colour('--jp-success-color1', '#388e3c'),
    warn: colour('--jp-warn-color1', '#f57c00'),
    bad: colour('--jp-error-color1', '#d32f2f'),
    classes: dark ? CLASSES.map(rgb => mix(rgb, [255, 255, 255], 0.18)) : CLASSES,
    heat: dark ? HEAT_DARK : HEAT_LIGHT,
    font: style.getPropertyValue('--jp-ui-font-family').trim() || 'system-ui, sans-serif'
  };
}

/** Call `changed` when JupyterLab's or the system's theme does; returns how to stop. */
export function watchTheme(changed: () => void): () => void {
  // JupyterLab names its theme on the body first and loads the style sheet after.
  const later = () => [0, 150, 600].forEach(delay => setTimeout(changed, delay));
  const observer = new MutationObserver(later);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light', 'class']
  });
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', changed);
  return () => {
    observer.disconnect();
    system.removeEventListener('change', changed);
  };
}

/** `share` of the way from one colour to another. */
export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  const part = (i: 0 | 1 | 2) => Math.round(from[i] + (to[i] - from[i]) * share);
  return [part(0), part(1), part(2)];
}

/** As CSS. */
export function css([r, g, b]: Rgb, opacity = 1): string {
  return opacity === 1 ? `rgb(${r},${g},${b})` : `rgba(${r},${g},${b},${opacity})`;
}

/** How light a colour looks, from 0 to 1. */
export function luminance([r, g, b]: Rgb): number {
  return (0.299 * r + 0.587 * g + 0.114 * b) / 255;
}

/** The colour of a share from 0 to 1 on a scale. */
export function onScale(scale: readonly Rgb[], share: number): Rgb {
  const place = Math.min(1, Math.max(0, share)) * (scale.length - 1);
  const step = Math.min(Math.floor(place), scale.length - 2);
  return mix(scale[step] ?? [0, 0, 0], scale[step + 1] ?? [0, 0, 0], place - step);
}

function parse(text: string): Rgb {
  if (text.startsWith('#')) {
    const number = parseInt(text.slice(1, 7), 16);
    return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
  }
  const [r = 0, g = 0, b = 0] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [r, g, b];
}
