/** Says the titles and descriptions of settings in the language of the page. */

type Json = Record<string, unknown> | unknown[];

const SAID = ['title', 'description'];

/** Replace every title and description of a schema by what `say` makes of it. */
export function sayIn(schema: Json, say: (text: string) => string): void {
  for (const [name, value] of Object.entries(schema)) {
    if (typeof value === 'string' && SAID.includes(name)) {
      (schema as Record<string, unknown>)[name] = say(value);
    } else if (typeof value === 'object' && value !== null) {
      sayIn(value as Json, say);
    }
  }
}
