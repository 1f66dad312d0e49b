/** What can be done with a conversion. */

import * as React from 'react';
import type { Conversion, ConversionReport } from '../api/documents.ts';
import type { ReportForm } from './model.ts';
import type { ConvertProps } from './view.tsx';

/** The row of actions under the verdict. */
export function Actions({
  conversion,
  copy,
  model,
  report,
  showGraph,
  showMemory,
  trans
}: ConvertProps & { conversion: Conversion; report: ConversionReport }): React.ReactElement {
  const { busy, used } = model;
  return (
    <div className="tengen-Convert-verbs" role="toolbar" aria-label={trans.__('Actions')}>
      <button
        className="jp-mod-styled jp-mod-accept"
        data-first
        disabled={busy || used || !report.ok}
        title={
          report.ok
            ? trans.__('Adds a cell below the definition that converts it, and runs the cell')
            : trans.__('The results differ: the dynamic version stays in use')
        }
        onClick={() => void model.use()}
      >
        {trans.__('Use it here')}
      </button>
      <button
        className="jp-mod-styled"
        disabled={busy || !used}
        title={trans.__('Removes that cell and binds the dynamic version again')}
        onClick={() => void model.undo()}
      >
        {trans.__('Undo')}
      </button>
      <button
        className="jp-mod-styled"
        disabled={busy}
        title={trans.__('Writes a model file beside the notebook, which runs without this code')}
        onClick={() => void model.save('tgm')}
      >
        {trans.__('Save .tgm')}
      </button>
      <select
        className="jp-mod-styled"
        aria-label={trans.__('Export the model or the report')}
        disabled={busy}
        value=""
        onChange={event => {
          const form = event.currentTarget.value;
          void (form === 'onnx' ? model.save('onnx') : model.export(form as ReportForm));
        }}
      >
        <option value="" disabled>
          {trans.__('Export…')}
        </option>
        <option value="onnx">{trans.__('Model as ONNX')}</option>
        <option value="html">{trans.__('Report as HTML')}</option>
        <option value="json">{trans.__('Report as JSON')}</option>
        <option value="text">{trans.__('Report as plain text')}</option>
      </select>
      <button className="jp-mod-styled" onClick={() => copy(conversion.code)}>
        {trans.__('Copy code')}
      </button>
      <span className="tengen-Convert-graphs" role="group" aria-label={trans.__('Graph')}>
        <span>{trans.__('Graph')}</span>
        <button className="jp-mod-styled" onClick={() => showGraph(conversion, 'before')}>
          {trans.__('before')}
        </button>
        <button className="jp-mod-styled" onClick={() => showGraph(conversion, 'after')}>
          {trans.__('after')}
        </button>
        <button className="jp-mod-styled" onClick={() => showGraph(conversion, 'difference')}>
          {trans.__('difference')}
        </button>
      </span>
      <button className="jp-mod-styled" onClick={() => showMemory(conversion)}>
        {trans.__('Memory')}
      </button>
      <button className="jp-mod-styled" disabled={busy} onClick={() => void model.load()}>
        {trans.__('Convert another')}
      </button>
    </div>
  );
}
