/** The colours of the kinds, from the style sheet, so that each theme has its own. */

import type { MemoryDocument } from '../api/documents.ts';
import type { Ink } from './raster.ts';

/** What a block is for. */
export type BlockKind = MemoryDocument['kinds'][number];

type Rgb = readonly [number, number, number];

/** Colours of one theme. */
export interface Palette {
  kinds: Record<BlockKind, string>;
  inks(kinds: readonly BlockKind[]): Ink[];
  ground: string;
  groundPixel: number;
  line: string;
  text: string;
  faint: string;
  accent: string;
  alarm: string;
}

const KINDS: readonly BlockKind[] = [
  'parameter',
  'gradient',
  'activation',
  'optimizer',
  'workspace',
  'data'
];

/** Read the colours that hold for an element now. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  // A canvas turns every colour that a style sheet may name into numbers.
  const g = element.ownerDocument.createElement('canvas').getContext('2d');
  const plain = (name: string, otherwise: string): string => {
    if (!g) {
      return otherwise;
    }
    g.fillStyle = otherwise;
    g.fillStyle = read(name);
    return g.fillStyle;
  };
  const ground = plain('--tengen-memory-ground', '#ffffff');
  const kinds = Object.fromEntries(
    KINDS.map(kind => [kind, plain(`--tengen-memory-${kind}`, '#888888')])
  ) as Record<BlockKind, string>;
  return {
    kinds,
    inks: list => list.map(kind => ink(parseColour(kinds[kind]), parseColour(ground))),
    ground,
    groundPixel: pixel(parseColour(ground)),
    line: read('--tengen-memory-line'),
    text: read('--tengen-memory-text'),
    faint: read('--tengen-memory-faint'),
    accent: read('--tengen-memory-accent'),
    alarm: read('--tengen-memory-alarm')
  };
}

function ink(face: Rgb, ground: Rgb): Ink {
  return {
    face: pixel(face),
    edge: pixel(blend(face, ground, 0.45)),
    faded: pixel(blend(face, ground, 0.8))
  };
}

/** "#rrggbb" or "rgb(r, g, b)", as a canvas says it, as three numbers. */
export function parseColour(text: string): Rgb {
  if (text.startsWith('#')) {
    const value = parseInt(text.slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  }
  const [red = 128, green = 128, blue = 128] = (text.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

function blend(a: Rgb, b: Rgb, share: number): Rgb {
  const mix = (from: number, to: number): number => Math.round(from + (to - from) * share);
  return [mix(a[0], b[0]), mix(a[1], b[1]), mix(a[2], b[2])];
}

/** A colour as the bytes of a canvas pixel on a little-endian machine. */
function pixel([red, green, blue]: Rgb): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
