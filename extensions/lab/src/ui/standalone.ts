/** Texts for views outside JupyterLab: the studio's table, in the language of the page. */

import table from 'text:../../../../studio/tengen_studio/locale/zh_CN/LC_MESSAGES/tengen_studio.json';
import type { Texts } from './signals.ts';

/** Texts in the page's language; JupyterLab's is on the document once our extension runs. */
export function standaloneTexts(language = document.documentElement.lang): Texts {
  const chinese = language.toLowerCase().startsWith('zh')
    ? (JSON.parse(table) as Record<string, [string]>)
    : {};
  const translate = (text: string, ...values: unknown[]): string =>
    (chinese[text]?.[0] ?? text).replace(/%(\d)/g, (place, digit) =>
      String(values[Number(digit) - 1] ?? place)
    );
  return { __: translate, gettext: translate };
}
