/** The colours of shades and marks in a theme. */

import { onScale, type Palette, type Rgb } from '../ui/canvas/palette.ts';
import type { Shade } from './colouring.ts';
import type { Mark } from './marks.ts';

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
