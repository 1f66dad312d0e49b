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
        onClick={() => void model.save()}
      >
        {trans.__('Save .tgm')}
      </button>
      <select
        className="jp-mod-styled"
        aria-label={trans.__('Export the report')}
        disabled={busy}
        value=""
        onChange={event => void model.export(event.currentTarget.value as ReportForm)}
      >
        <option value="" disabled>
          {trans.__('Export…')}
        </option>
        <option value="html">HTML</option>
        <option value="json">JSON</option>
        <option value="text">{trans.__('Plain text')}</option>
      </select>
      <button className="jp-mod-styled" onClick={() => copy(conversion.code)}>
        {trans.__('Copy code')}
      </button>
      <button className="jp-mod-styled" onClick={() => showGraph(conversion)}>
        {trans.__('Graph')}
      </button>
      <button className="jp-mod-styled" onClick={() => showMemory(conversion)}>
        {trans.__('Memory')}
      </button>
      <button className="jp-mod-styled" disabled={busy} onClick={() => void model.load()}>
        {trans.__('Convert another')}
      </button>
    </div>
  );
}
