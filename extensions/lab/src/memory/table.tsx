/** The table of blocks: sortable, and only the rows in sight are in the page. */

import type { Texts } from '../ui/signals.ts';
import * as React from 'react';
import type { Source } from '../api/documents.ts';
import { formatSize } from './format.ts';
import type { MemoryModel } from './model.ts';
import { type SortKey, place } from './rows.ts';
import type { Timeline } from './timeline.ts';
import { kindName } from './words.ts';

const ROW = 24;
const TALLEST = 8_000_000; // browsers draw nothing below some height

interface TableProps {
  model: MemoryModel;
  trans: Texts;
  onSource?: ((source: Source) => void) | undefined;
}

/** The blocks held at the cursor, or all there were. */
export function BlockTable({ model, trans, onSource }: TableProps): React.ReactElement {
  const view = React.useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = React.useState({ top: 0, height: 240 });
  const timeline = model.activeTimeline;
  const rows = model.listing.rows;
  const all = Math.min(rows.length * ROW, TALLEST);
  const visible = Math.ceil(scroll.height / ROW);
  const reach = Math.max(all - scroll.height, 1);
  const first = Math.round(
    (Math.min(scroll.top, reach) / reach) * Math.max(rows.length - visible + 1, 0)
  );
  const offset = all < TALLEST ? first * ROW : scroll.top;
  const columns: [SortKey, string][] = [
    ['tensor', trans.__('Tensor')],
    ['bytes', trans.__('Size')],
    ['kind', trans.__('Kind')],
    ['op', trans.__('Operator')],
    ['module', trans.__('Module')],
    ['source', trans.__('Line')],
    ['birth', trans.__('Born')],
    ['life', trans.__('Lives')]
  ];
  React.useEffect(() => {
    const element = view.current;
    if (!element) {
      return;
    }
    const measured = new ResizeObserver(() =>
      setScroll(({ top }) => ({ top, height: element.clientHeight - ROW }))
    );
    measured.observe(element);
    return () => measured.disconnect();
  }, []);
  return (
    <div
      className="tengen-Memory-table"
      ref={view}
      onScroll={event => setScroll({ ...scroll, top: event.currentTarget.scrollTop })}
    >
      <table aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {columns.map(([key, label]) => (
              <th
                key={key}
                scope="col"
                aria-sort={
                  model.listing.sort.key !== key
                    ? 'none'
                    : model.listing.sort.descending
                      ? 'descending'
                      : 'ascending'
                }
              >
                <button onClick={() => model.listing.sortBy(key)}>{label}</button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr aria-hidden="true" style={{ height: offset }} />
          {timeline &&
            Array.from(rows.subarray(first, first + visible + 1), (block, index) => (
              <Row
                key={block}
                {...{ model, trans, timeline, block, onSource }}
                number={first + index + 2}
              />
            ))}
          <tr aria-hidden="true" style={{ height: Math.max(all - offset - visible * ROW, 0) }} />
        </tbody>
      </table>
    </div>
  );
}

interface RowProps extends TableProps {
  timeline: Timeline;
  block: number;
  number: number;
}

function Row({ model, trans, timeline, block, number, onSource }: RowProps): React.ReactElement {
  const origin = timeline.originOf(block);
  const track = model.active;
  const chosen = model.selected?.track === track && model.selected.block === block;
  const birth = timeline.birth[block] as number;
  const death = timeline.death[block] as number;
  const kind = timeline.document.kinds[timeline.kind[block] as number];
  const source = origin.source;
  return (
    <tr
      aria-rowindex={number}
      aria-selected={chosen}
      onClick={() => model.select({ track, block })}
      onMouseEnter={() => model.point(model.pointer, { track, block })}
      onMouseLeave={() => model.point(null, null)}
    >
      <td title={timeline.shapeOf(block)}>
        <button className="tengen-Memory-cell">
          {timeline.tensorOf(block) || timeline.shapeOf(block)}
        </button>
      </td>
      <td>{formatSize(timeline.bytes[block] as number)}</td>
      <td data-kind={kind}>{kind && kindName(kind, trans)}</td>
      <td>{origin.op}</td>
      <td>{origin.module}</td>
      <td title={source?.text}>
        {source && onSource ? (
          <button
            className="tengen-Memory-link"
            onClick={event => {
              event.stopPropagation();
              onSource(source);
            }}
          >
            {place(source)}
          </button>
        ) : (
          place(source)
        )}
      </td>
      <td>{birth <= timeline.start ? trans.__('before') : birth}</td>
      <td>{death >= timeline.stop ? trans.__('to the end') : death - birth}</td>
    </tr>
  );
}
