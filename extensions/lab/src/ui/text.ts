/** Texts in the user's language: the server's bilingual ones, sizes, and our own domain. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { LocalText } from '../api/types.ts';

/** The name under which our table of translations is installed. */
export const DOMAIN = 'tengen_studio';

/** The text for `language` ("en", "zh_CN", "zh-CN", ...); English unless it is Chinese. */
export function inLanguage(text: LocalText, language: string): string {
  return language.toLowerCase().startsWith('zh') ? text.zh : text.en;
}

/** Bytes as a person reads them, in decimal units as disks are sold: "71 GB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = value < 9.95 && unit > 0 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}

/** What to show of a failure: the server's own sentence, translated where the table has it. */
export function failureText(
  error: unknown,
  trans: Pick<TranslationBundle, '__' | 'gettext'>
): string {
  const message = error instanceof Error ? error.message : String(error);
  // A message of the server is a key of the table, like every text of ours.
  return message ? trans.gettext(message) : trans.__('No reason was given.');
}
