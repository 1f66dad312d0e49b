/** A root cause that keeps Python in the call, as a card with what to change. */

import * as React from 'react';
import type { ConversionBlocker } from '../api/documents.ts';
import { formatCost } from './figures.ts';
import { Place } from './place.tsx';
import type { ConvertProps } from './view.tsx';
import { causeText, fixText } from './words.ts';

/** The line, what it does and costs, what to change, and the change itself where it is known. */
export function BlockerCard(
  props: ConvertProps & { blocker: ConversionBlocker }
): React.ReactElement {
  const { blocker, model, trans } = props;
  const { about, cause, cost_ms, count, file, fix, line, patch, text } = blocker;
  const [left, setLeft] = React.useState(false);
  return (
    <li className="tengen-Convert-card">
      <p>
        <Place {...props} file={file} line={line} text={text} />
        {text && <code>{text}</code>}
      </p>
      <p>
        {causeText(cause, about, trans)} · {trans.__('%1× a call', count)} ·{' '}
        {trans.__('costs %1', formatCost(cost_ms, 'ms'))}
      </p>
      {!left && fix && <p className="tengen-Convert-fix">{fixText(fix, trans)}</p>}
      {!left && patch && (
        <>
          <pre className="tengen-Convert-diff" aria-label={trans.__('The suggested change')}>
            {lines(patch.before).map((old, index) => (
              <del key={`-${index}`}>{`- ${old}`}</del>
            ))}
            {lines(patch.after).map((now, index) => (
              <ins key={`+${index}`}>{`+ ${now}`}</ins>
            ))}
          </pre>
          <p className="tengen-Convert-verbs">
            <button
              className="jp-mod-styled jp-mod-accept"
              disabled={model.busy}
              onClick={() => void model.apply(blocker)}
            >
              {trans.__('Apply and re-check')}
            </button>
            <button className="jp-mod-styled" onClick={() => setLeft(true)}>
              {trans.__('Leave it')}
            </button>
          </p>
        </>
      )}
    </li>
  );
}

/** Lines without the margin that all of them share. */
function lines(text: string): string[] {
  const all = text.replace(/\n$/, '').split('\n');
  if (!text) {
    return [];
  }
  const margin = Math.min(
    ...all.filter(line => line.trim()).map(line => line.length - line.trimStart().length)
  );
  return all.map(line => line.slice(margin));
}
