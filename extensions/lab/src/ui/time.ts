/** Times as people read them: "2 h ago", the exact one on hover. */

import type { Texts } from './signals.ts';

/** How long ago a time was, in words of the table; the date for what is older than a month. */
export function timeAgo(iso: string, trans: Texts, now = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 60) {
    return trans.__('just now');
  }
  if (seconds < 3600) {
    return trans.__('%1 min ago', Math.floor(seconds / 60));
  }
  if (seconds < 86_400) {
    return trans.__('%1 h ago', Math.floor(seconds / 3600));
  }
  if (seconds < 2 * 86_400) {
    return trans.__('yesterday');
  }
  if (seconds < 30 * 86_400) {
    return trans.__('%1 days ago', Math.floor(seconds / 86_400));
  }
  return new Date(iso).toLocaleDateString();
}

/** The exact time, in the reader's zone. */
export function exactTime(iso: string): string {
  return new Date(iso).toLocaleString();
}
