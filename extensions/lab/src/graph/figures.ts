/** Figures as people read them, with their units. */

import { formatBytes } from '../ui/text.ts';

/** A figure in three digits with its unit; "–" where it is not known. */
export function figureText(
  kind: 'ms' | 'bytes' | 'flops',
  value: number | null | undefined
): string {
  if (value === null || value === undefined) {
    return '–';
  }
  switch (kind) {
    case 'bytes':
      return formatBytes(value);
    case 'ms':
      return value >= 1000
        ? `${three(value / 1000)} s`
        : value >= 1 || value === 0
          ? `${three(value)} ms`
          : `${three(value * 1000)} µs`;
    case 'flops':
      return `${scaled(value)}FLOP`;
  }
}

/** A count with a letter for thousands, millions and so on: "25.6 M". */
export function countText(value: number): string {
  return scaled(value).trim();
}

/** A part of a whole, such as "12%"; "" where either is not known. */
export function shareText(part: number | null, whole: number | null): string {
  if (part === null || !whole) {
    return '';
  }
  const percent = (100 * part) / whole;
  return percent > 0 && percent < 0.1
    ? '<0.1%'
    : `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)}%`;
}

function scaled(value: number): string {
  const letters = ['', 'k', 'M', 'G', 'T', 'P'];
  let [rest, letter] = [value, 0];
  while (rest >= 999.5 && letter < letters.length - 1) {
    rest /= 1000;
    letter += 1;
  }
  return letter === 0 ? `${rest} ` : `${three(rest)} ${letters[letter]}`;
}

function three(value: number): string {
  return value === 0
    ? '0'
    : value >= 99.95
      ? value.toFixed(0)
      : value >= 9.995
        ? value.toFixed(1)
        : value.toFixed(2);
}
