/** Choosing what is made static, and on which inputs it is tried. */

import * as React from 'react';
import type { ConversionTarget } from '../api/documents.ts';
import type { Texts } from '../ui/signals.ts';
import type { ConvertProps } from './view.tsx';
import { argumentText, targetText } from './words.ts';

/** The targets, the chosen one's inputs, and the button. */
export function Choice({
  draw,
  model,
  targets,
  trans
}: ConvertProps & { targets: ConversionTarget[] }): React.ReactElement {
  const { target } = model;
  const group = React.useId();
  return (
    <form
      className="tengen-Convert-note"
      onSubmit={event => {
        event.preventDefault();
        if (model.ready) {
          void model.convert();
        }
      }}
    >
      <h2>{trans.__('Make static')}</h2>
      <fieldset className="tengen-Convert-targets">
        <legend>{trans.__('What')}</legend>
        {targets.map(item => (
          <label key={item.name} className="tengen-Convert-target">
            <input
              type="radio"
              name={group}
              value={item.name}
              checked={item.name === model.chosen}
              onChange={() => model.choose(item.name)}
            />
            <code>{item.name}</code>
            <span className="tengen-Convert-kind">{kindText(item, trans)}</span>
            <span className="tengen-Convert-faint">{targetText(item.text, trans)}</span>
          </label>
        ))}
      </fieldset>
      {target && target.samples.length > 0 && (
        <fieldset>
          <legend>{trans.__('Tried on')}</legend>
          {target.samples.map((sample, index) => (
            <label key={`${target.name} ${index}`} className="tengen-Convert-sample">
              <span>{argumentText(sample.argument, trans)}</span>
              <input
                className="jp-mod-styled"
                type="text"
                spellCheck={false}
                value={model.samples[index] ?? ''}
                placeholder={trans.__('an expression, such as a batch of your data')}
                onChange={event => model.setSample(index, event.currentTarget.value)}
              />
              <span className="tengen-Convert-faint">
                {model.samples[index] === sample.expression ? sample.text : ''}
              </span>
            </label>
          ))}
        </fieldset>
      )}
      <p className="tengen-Convert-faint">
        {trans.__(
          'Your code runs dozens of times to compare results, gradients, weights and costs with the dynamic program; everything is put back as it was.'
        )}
      </p>
      <p className="tengen-Convert-verbs">
        <button
          className="jp-mod-styled jp-mod-accept"
          type="submit"
          data-first
          disabled={!model.ready}
        >
          {trans.__('Make static')}
        </button>
        <button
          className="jp-mod-styled"
          type="button"
          disabled={!model.ready}
          title={trans.__('Shows what it computes, operator by operator; nothing is converted')}
          onClick={() => draw(model.chosen, model.samples)}
        >
          {trans.__('Show its graph')}
        </button>
        {target?.static && (
          <button className="jp-mod-styled" type="button" onClick={() => void model.release()}>
            {trans.__('Make dynamic again')}
          </button>
        )}
        {!model.ready && <span>{trans.__('Fill in the empty inputs first.')}</span>}
      </p>
    </form>
  );
}

function kindText({ kind, static: made }: ConversionTarget, trans: Texts): string {
  const words = {
    step: trans.__('training step'),
    module: trans.__('model'),
    function: trans.__('function')
  };
  return made ? `${words[kind]} · ${trans.__('static')}` : words[kind];
}
