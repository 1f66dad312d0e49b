/** Texts in the user's language: the server's bilingual ones, sizes, and our own domain. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { REFUSALS } from '../api/refusals.ts';
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
  if (!message) {
    return trans.__('No reason was given.');
  }
  // A message of the server is a key of the table, like every text of ours.
  const known = taken(message, REFUSALS);
  return known
    ? trans.gettext(known.text, ...known.values.map(value => trans.gettext(value)))
    : trans.gettext(message);
}

/** Which of the texts a message is, and what was filled in; null if it is none of them. */
export function taken(
  message: string,
  texts: readonly string[]
): { text: string; values: string[] } | null {
  for (const text of texts) {
    const said = text.split(/%\d/).map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const [, ...values] = new RegExp(`^${said.join('(.*?)')}$`, 's').exec(message) ?? [];
    if (values.length) {
      return { text, values };
    }
  }
  return null;
}
