/** The report of a conversion: verdict, actions, proof, costs, and what stayed dynamic. */

import * as React from 'react';
import type { Conversion, ConversionReport, ParityRow } from '../api/documents.ts';
import { failureText } from '../ui/text.ts';
import { Actions } from './actions.tsx';
import { BlockerCard } from './card.tsx';
import { barWidths, formatCost, formatDifference } from './figures.ts';
import { Place } from './place.tsx';
import type { ConvertProps } from './view.tsx';
import { batchText, noteText, verdictText, whatText } from './words.ts';

type Props = ConvertProps & { conversion: Conversion; report: ConversionReport };

/** The whole report. */
export function Report(
  props: ConvertProps & { conversion: Conversion }
): React.ReactElement | null {
  const { report } = props.conversion;
  return report && <Sections {...props} report={report} />;
}

function Sections(props: Props): React.ReactElement {
  const { conversion, report, trans } = props;
  const good = report.ok && !report.cancelled && report.parity.length > 0;
  const mark = good ? '✓' : report.ok ? '–' : '✗';
  return (
    <div className="tengen-Convert-page">
      <p className="tengen-Convert-faint">
        <code>{`${conversion.name}(${conversion.samples.join(', ')})`}</code>
      </p>
      <h2 className="tengen-Convert-verdict" data-good={good} data-bad={!report.ok}>
        <span aria-hidden="true">{mark}</span> {verdictText(report, trans)}
      </h2>
      <Actions {...props} />
      <DeedLine {...props} />
      <Parity {...props} />
      <Costs {...props} />
      <Blockers {...props} />
      <Findings {...props} />
      <Ways {...props} />
      {report.notes.length > 0 && (
        <section>
          <h3>{trans.__('Notes')}</h3>
          <ul>
            {report.notes.map((note, index) => (
              <li key={index}>{note}</li>
            ))}
          </ul>
        </section>
      )}
      {report.passes.length > 0 && (
        <details>
          <summary>{trans.__('%1 compiler passes', report.passes.length)}</summary>
          <ul className="tengen-Convert-passes">
            {report.passes.map((pass, index) => (
              <li key={index}>{pass}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function DeedLine({ model, openFile, trans }: Props): React.ReactElement {
  const { deed } = model;
  let text: React.ReactNode = '';
  switch (deed?.kind) {
    case 'used':
      text = trans.__('In use: a cell below the definition converts it, and has run.');
      break;
    case 'undone':
      text = trans.__('The dynamic version is bound again, and the cell is gone.');
      break;
    case 'saved':
      text = (
        <>
          {trans.__('Saved as %1.', deed.path)}{' '}
          <button className="tengen-Convert-link" onClick={() => openFile(deed.path)}>
            {trans.__('Open it')}
          </button>
          {deed.note && <pre className="tengen-Convert-faint">{deed.note}</pre>}
        </>
      );
      break;
    case 'not-found':
      text = trans.__('No cell has these lines any more: the notebook was changed since.');
      break;
    case 'refused':
      text = failureText(deed.error, trans);
      break;
  }
  return (
    <p className="tengen-Convert-deed" role="status" data-bad={deed?.kind === 'refused'}>
      {text}
    </p>
  );
}

function Parity({ report, trans }: Props): React.ReactElement | null {
  if (!report.parity.length) {
    return null;
  }
  return (
    <section>
      <h3>{trans.__('Same results')}</h3>
      <table className="tengen-Convert-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('compared')}</th>
            <th scope="col">{trans.__('difference')}</th>
            <th scope="col">{trans.__('allowed')}</th>
            <th scope="col">{trans.__('dynamic from float64')}</th>
            <th scope="col">{trans.__('agrees')}</th>
          </tr>
        </thead>
        <tbody>
          {report.parity.map(row => (
            <tr key={row.what}>
              <th scope="row">{whatText(row.what, trans)}</th>
              <td>{formatDifference(row.difference)}</td>
              <td>{formatDifference(row.tolerance)}</td>
              <td>{row.reference === null ? '–' : formatDifference(row.reference)}</td>
              <td>
                <Mark {...row} yes={trans.__('yes')} no={trans.__('no')} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <details className="tengen-Convert-faint">
        <summary>{trans.__('Why these tolerances')}</summary>
        <p>
          {trans.__(
            'The dynamic program was also run with 64-bit numbers. How far its usual results are from those is its own rounding; the static program may differ from the dynamic one by four times that, and by no less than 1e-5. Where the program cannot run so, 1e-3 is allowed. Differences are relative to the largest value.'
          )}
        </p>
      </details>
    </section>
  );
}

function Mark(props: Pick<ParityRow, 'agrees'> & { yes: string; no: string }): React.ReactElement {
  const { agrees, no, yes } = props;
  return (
    <span className="tengen-Convert-mark" data-good={agrees} data-bad={!agrees}>
      <span aria-hidden="true">{agrees ? '✓' : '✗'}</span> {agrees ? yes : no}
    </span>
  );
}

function Costs({ report, trans }: Props): React.ReactElement | null {
  if (!report.costs.length) {
    return null;
  }
  return (
    <section>
      <h3>{trans.__('Before and after')}</h3>
      {report.costs.map(row => {
        const [before, after] = barWidths(row);
        return (
          <div key={row.what} className="tengen-Convert-cost">
            <h4>{whatText(row.what, trans)}</h4>
            <span>{trans.__('before')}</span>
            <div className="tengen-Convert-bar">
              <i style={{ width: `${before}%` }} />
            </div>
            <span>{formatCost(row.before, row.unit)}</span>
            <span>{trans.__('after')}</span>
            <div className="tengen-Convert-bar" data-after>
              <i style={{ width: `${after}%` }} />
            </div>
            <span>{formatCost(row.after, row.unit)}</span>
          </div>
        );
      })}
    </section>
  );
}

function Blockers(props: Props): React.ReactElement | null {
  const { report, trans } = props;
  if (!report.blockers.length) {
    return null;
  }
  return (
    <section>
      <h3>{trans.__('Stayed dynamic (%1)', report.blockers.length)}</h3>
      <p className="tengen-Convert-faint">
        {trans.__(
          'These lines run in Python as before, so results stay right; each keeps the graph in more pieces.'
        )}
      </p>
      <ul className="tengen-Convert-cards">
        {report.blockers.map((blocker, index) => (
          <BlockerCard key={index} {...props} blocker={blocker} />
        ))}
      </ul>
    </section>
  );
}

function Findings(props: Props): React.ReactElement | null {
  const { report, trans } = props;
  if (!report.findings.length) {
    return null;
  }
  return (
    <section>
      <h3>{trans.__('Could an answer be stale?')}</h3>
      <ul className="tengen-Convert-findings">
        {report.findings.map((found, index) => (
          <li key={index}>
            <Mark agrees={found.ok} yes={trans.__('no')} no={trans.__('kept in Python')} />
            <span>{whatText(found.what, trans)}</span>
            <span className="tengen-Convert-faint">{noteText(found, trans)}</span>
            <Place {...props} file={found.file} line={found.line} text="" />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Ways(props: Props): React.ReactElement {
  const { report, trans } = props;
  const rows: [string, string][] = [
    [
      trans.__('replay'),
      report.replay === 'frozen'
        ? trans.__('frozen: without Python; a call that differs is recorded anew')
        : trans.__('checked: Python runs along, and every operator is compared with the record')
    ],
    [trans.__('compiled pieces'), String(report.segments)],
    [trans.__('operators'), report.operators.toLocaleString('en')],
    [trans.__('recordings'), String(report.specialisations)],
    [trans.__('runs of your code'), String(report.runs)],
    [trans.__('capture and compile'), formatCost(1000 * report.compile_seconds, 'ms')]
  ];
  return (
    <section>
      <h3>{trans.__('How it runs')}</h3>
      <dl>
        {rows.map(([name, value]) => (
          <React.Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
        <dt>{trans.__('other batch sizes')}</dt>
        <dd>
          {batchText(report, trans)}{' '}
          <Place {...props} file={report.batch_file} line={report.batch_line} text="" />
        </dd>
      </dl>
    </section>
  );
}
