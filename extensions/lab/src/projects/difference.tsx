/** How one file differs, side by side: notebooks cell by cell, texts line by line. */

import * as React from 'react';
import type { Cell, CellDiff, FileDiff, Hunk } from '../api/types.ts';
import type { Texts } from '../ui/signals.ts';
import { formatBytes } from '../ui/text.ts';
import { type Line, type LineRow, changedPart, lineRows } from './compare.ts';

interface DiffProps {
  diff: FileDiff;
  trans: Texts;
}

/** The difference of a file. */
export function Difference(props: DiffProps): React.ReactElement {
  const { diff, trans } = props;
  if (diff.large) {
    return (
      <p>{trans.__('This file is too large to be compared; its sizes are %1.', sizes(diff))}</p>
    );
  }
  switch (diff.kind) {
    case 'notebook':
      return <Notebook {...props} />;
    case 'text':
    case 'link':
      return <Lines hunks={diff.hunks} />;
    case 'binary':
      return <p>{trans.__('This file is not text; its sizes are %1.', sizes(diff))}</p>;
  }
}

function sizes({ old, new: now }: FileDiff): string {
  return [old, now].map(side => (side ? formatBytes(side.size) : '–')).join(' → ');
}

function Notebook({ diff, trans }: DiffProps): React.ReactElement {
  const [all, setAll] = React.useState(false);
  const runs: (CellDiff | number)[] = [];
  for (const cell of diff.cells) {
    const last = runs.at(-1);
    if (cell.status !== 'same' || all) {
      runs.push(cell);
    } else if (typeof last === 'number') {
      runs[runs.length - 1] = last + 1;
    } else {
      runs.push(1);
    }
  }
  return (
    <div className="tengen-Diff-cells">
      {runs.map((run, index) =>
        typeof run === 'number' ? (
          <button key={index} className="tengen-Diff-same" onClick={() => setAll(true)}>
            {trans.__('%1 unchanged cells', run)}
          </button>
        ) : (
          <CellRow key={index} cell={run} trans={trans} />
        )
      )}
      {diff.metadata.length > 0 && (
        <>
          <h4>{trans.__('Notebook metadata')}</h4>
          <Lines hunks={diff.metadata} />
        </>
      )}
    </div>
  );
}

function CellRow({ cell, trans }: { cell: CellDiff; trans: Texts }): React.ReactElement {
  const words = {
    same: trans.__('unchanged'),
    added: trans.__('added'),
    removed: trans.__('removed'),
    changed: cell.source_changed ? trans.__('changed') : trans.__('other output')
  };
  const kind = (cell.new ?? cell.old)?.kind ?? '';
  const number = (cell.new ?? cell.old)?.index ?? 0;
  return (
    <section className="tengen-Diff-cell" data-status={cell.status}>
      <header>
        {trans.__('cell %1', number + 1)} · {kind} · <b>{words[cell.status]}</b>
      </header>
      {cell.status === 'changed' && cell.source_changed ? (
        <Lines hunks={cell.source} />
      ) : (
        <div className="tengen-Diff-pair">
          <Source cell={cell.old} status={cell.status === 'removed' ? 'removed' : 'same'} />
          <Source cell={cell.new} status={cell.status === 'added' ? 'added' : 'same'} />
        </div>
      )}
      {cell.outputs_changed && (
        <div className="tengen-Diff-pair tengen-Diff-outputs">
          <Outputs cell={cell.old} trans={trans} />
          <Outputs cell={cell.new} trans={trans} />
        </div>
      )}
    </section>
  );
}

function Source({ cell, status }: { cell: Cell | null; status: string }): React.ReactElement {
  return cell ? <pre data-status={status}>{cell.source}</pre> : <div />;
}

/** Outputs as text and pictures; nothing of them can run here. */
function Outputs({ cell, trans }: { cell: Cell | null; trans: Texts }): React.ReactElement {
  if (!cell?.outputs.length) {
    return <div>{cell && <em>{trans.__('no output')}</em>}</div>;
  }
  return (
    <div>
      {cell.outputs.map((output, index) => {
        const data = (output['data'] ?? {}) as Record<string, unknown>;
        const picture = text(data['image/png']);
        return picture ? (
          <img key={index} alt="" src={`data:image/png;base64,${picture.replace(/\s/g, '')}`} />
        ) : (
          <pre key={index}>{text(output['text'] ?? data['text/plain'] ?? output['evalue'])}</pre>
        );
      })}
    </div>
  );
}

function text(value: unknown): string {
  return Array.isArray(value) ? value.join('') : typeof value === 'string' ? value : '';
}

function Lines({ hunks }: { hunks: readonly Hunk[] }): React.ReactElement {
  return (
    <table className="tengen-Diff-lines">
      <colgroup>
        <col className="tengen-Diff-number" />
        <col />
        <col className="tengen-Diff-number" />
        <col />
      </colgroup>
      {hunks.map((hunk, index) => (
        <tbody key={index}>
          {lineRows(hunk).map((row, number) => (
            <Row key={number} row={row} />
          ))}
        </tbody>
      ))}
    </table>
  );
}

function Row({ row }: { row: LineRow }): React.ReactElement {
  const part =
    row.status === 'changed' && row.old && row.new
      ? changedPart(row.old.text, row.new.text)
      : undefined;
  return (
    <tr data-status={row.status}>
      <Half line={row.old} status="removed" part={part && [part[0], part[1]]} />
      <Half line={row.new} status="added" part={part && [part[0], part[2]]} />
    </tr>
  );
}

function Half(props: {
  line: Line | null;
  status: string;
  part: [number, number] | undefined;
}): React.ReactElement {
  const { line, status, part } = props;
  if (!line) {
    return (
      <>
        <td />
        <td className="tengen-Diff-void" />
      </>
    );
  }
  return (
    <>
      <td>{line.number}</td>
      <td data-side={status}>
        {part ? (
          <>
            {line.text.slice(0, part[0])}
            <mark>{line.text.slice(part[0], part[1])}</mark>
            {line.text.slice(part[1])}
          </>
        ) : (
          line.text
        )}
      </td>
    </>
  );
}
