/** An exception of the user's own code, shown as theirs. */

import * as React from 'react';
import type { Conversion } from '../api/documents.ts';
import { Place } from './place.tsx';
import { framesOf } from './traceback.ts';
import type { ConvertProps } from './view.tsx';

/** The error, the user's lines that led to it, the whole traceback, and what to do. */
export function Failure(props: ConvertProps & { conversion: Conversion }): React.ReactElement {
  const { conversion, model, trans } = props;
  const { error, name, samples } = conversion;
  const own = framesOf(error?.traceback ?? []).filter(frame => frame.own);
  return (
    <div className="tengen-Convert-page" role="alert">
      <h2>{trans.__('%1 raised an error on these inputs', name)}</h2>
      <p className="tengen-Convert-raised">
        <strong>{error?.name}</strong>: {error?.message}
      </p>
      {own.length > 0 && (
        <ol className="tengen-Convert-frames" aria-label={trans.__('Your lines')}>
          {own.map((frame, index) => (
            <li key={index}>
              <Place {...props} file={frame.file} line={frame.line} text={frame.text} />
              <code>{frame.text || frame.name}</code>
            </li>
          ))}
        </ol>
      )}
      <p>
        {trans.__(
          'Nothing was changed. Run the call in a cell to see the same error; if other inputs were meant, change them here.'
        )}
      </p>
      <pre className="tengen-Convert-code">{`${name}(${samples.join(', ')})`}</pre>
      <p className="tengen-Convert-verbs">
        <button
          className="jp-mod-styled jp-mod-accept"
          data-first
          onClick={() => void model.load()}
        >
          {trans.__('Change the inputs')}
        </button>
        <button className="jp-mod-styled" onClick={() => void model.convert()}>
          {trans.__('Try again')}
        </button>
      </p>
      <details>
        <summary>{trans.__('The whole traceback')}</summary>
        <pre className="tengen-Convert-code">{error?.traceback.join('\n')}</pre>
      </details>
    </div>
  );
}
