/** The tree of groups and leaves on the left, with search; only the rows in sight exist. */

import * as React from 'react';
import { type Texts, useSignal } from '../ui/signals.ts';
import { labelOf } from './describe.ts';
import type { GraphModel } from './model.ts';
import { type GraphTree, type Item, ROOT } from './tree.ts';

const ROW = 24; // pixels
const SPARE = 12; // rows beyond the edges

interface Row {
  readonly item: Item;
  readonly depth: number;
}

/** The outline of a model that has a graph. */
export function Outline(props: {
  model: GraphModel;
  trans: Texts;
  searchRef: React.RefObject<HTMLInputElement>;
  onDone(): void;
}): React.ReactElement | null {
  const { model, trans } = props;
  useSignal(model.changed);
  const { graph } = model;
  const [opened, setOpened] = React.useState<ReadonlySet<string>>(new Set());
  const tree = graph?.tree;
  const rows = React.useMemo(
    () =>
      tree ? (model.finding.query ? hitRows(model.finding.hits) : treeRows(tree, opened)) : [],
    [tree, opened, model.finding.query, model.finding.hits]
  );
  const selected = model.selected;
  React.useEffect(() => {
    if (tree && selected !== null) {
      const keys = tree.ancestors(selected).map(item => tree.group(item)?.key ?? '');
      setOpened(before =>
        keys.every(key => before.has(key)) ? before : new Set([...before, ...keys])
      );
    }
  }, [tree, selected]);
  if (!graph || !tree) {
    return null;
  }
  const toggle = (item: Item) => {
    const key = tree.group(item)?.key ?? '';
    const next = new Set(opened);
    if (!next.delete(key)) {
      next.add(key);
    }
    setOpened(next);
  };
  return (
    <nav className="tengen-Graph-outline" aria-label={trans.__('Outline')}>
      <SearchField {...props} />
      <Rows
        rows={rows}
        flat={model.finding.query !== ''}
        model={model}
        tree={tree}
        opened={opened}
        trans={trans}
        onToggle={toggle}
      />
    </nav>
  );
}

function SearchField(props: {
  model: GraphModel;
  trans: Texts;
  searchRef: React.RefObject<HTMLInputElement>;
  onDone(): void;
}): React.ReactElement {
  const { model, onDone, searchRef, trans } = props;
  const [turn, setTurn] = React.useState(-1);
  const go = (by: number) => {
    const count = model.finding.hits.length;
    if (count) {
      const next = (turn + by + count) % count;
      setTurn(next);
      void model.reveal(model.finding.hits[next] ?? ROOT);
    }
  };
  const label = trans.__('Search operators, modules, shapes');
  return (
    <div className="tengen-Graph-search">
      <input
        ref={searchRef}
        type="search"
        className="jp-mod-styled"
        value={model.finding.query}
        placeholder={label}
        aria-label={label}
        onChange={event => {
          setTurn(-1);
          model.search(event.target.value);
        }}
        onKeyDown={event => {
          event.stopPropagation();
          if (event.key === 'Enter') {
            go(event.shiftKey ? -1 : 1);
          } else if (event.key === 'Escape') {
            model.search('');
            onDone();
          }
        }}
      />
      {model.finding.query && (
        <span role="status">
          {model.finding.hits.length
            ? trans.__('%1 of %2', String(Math.max(turn + 1, 1)), String(model.finding.hits.length))
            : trans.__('Nothing found')}
        </span>
      )}
    </div>
  );
}

interface RowsProps {
  rows: readonly Row[];
  flat: boolean;
  model: GraphModel;
  tree: GraphTree;
  opened: ReadonlySet<string>;
  trans: Texts;
  onToggle(item: Item): void;
}

function Rows(props: RowsProps): React.ReactElement {
  const { flat, model, opened, rows, trans, tree, onToggle } = props;
  const list = React.useRef<HTMLDivElement>(null);
  const [sight, setSight] = React.useState({ top: 0, height: 600 });
  const look = () => {
    const { clientHeight = 600, scrollTop = 0 } = list.current ?? {};
    setSight({ top: scrollTop, height: clientHeight });
  };
  React.useLayoutEffect(look, [rows.length]);
  const at = rows.findIndex(row => row.item === model.selected);
  React.useEffect(() => {
    const box = list.current;
    if (
      box &&
      at >= 0 &&
      (at * ROW < box.scrollTop || (at + 1) * ROW > box.scrollTop + box.clientHeight)
    ) {
      box.scrollTop = at * ROW - box.clientHeight / 2;
    }
  }, [at]);
  const first = Math.max(0, Math.floor(sight.top / ROW) - SPARE);
  const last = Math.min(rows.length, Math.ceil((sight.top + sight.height) / ROW) + SPARE);
  const key = (event: React.KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const item = model.selected;
    if (move && rows.length) {
      const next = rows[Math.max(0, Math.min(rows.length - 1, at + move))];
      void model.reveal(next?.item ?? ROOT);
    } else if (item !== null && item < 0 && ['ArrowLeft', 'ArrowRight'].includes(event.key)) {
      const open = opened.has(tree.group(item)?.key ?? '');
      if (open !== (event.key === 'ArrowRight')) {
        onToggle(item);
      }
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const active = at >= first && at < last ? `tengen-row-${rows[at]?.item}` : undefined;
  return (
    <div
      ref={list}
      className="tengen-Graph-rows"
      role="tree"
      tabIndex={0}
      aria-label={trans.__('Modules and operators')}
      aria-activedescendant={active}
      onScroll={look}
      onKeyDown={key}
    >
      <div style={{ height: rows.length * ROW, position: 'relative' }}>
        {rows.slice(first, last).map(({ depth, item }, i) => (
          <OutlineRow
            key={item}
            {...{ item, depth, flat, model, tree }}
            top={(first + i) * ROW}
            open={opened.has(tree.group(item)?.key ?? '')}
            onToggle={onToggle}
          />
        ))}
      </div>
    </div>
  );
}

function OutlineRow(props: {
  item: Item;
  depth: number;
  flat: boolean;
  top: number;
  open: boolean;
  model: GraphModel;
  tree: GraphTree;
  onToggle(item: Item): void;
}): React.ReactElement {
  const { depth, flat, item, model, open, top, tree, onToggle } = props;
  const { subtitle, title } = labelOf(tree, item);
  const group = tree.group(item);
  const mark = model.looks.marks.get(item);
  const path = tree.edges.node(item)?.group ?? group?.path ?? '';
  return (
    <div
      id={`tengen-row-${item}`}
      className="tengen-Graph-row"
      role="treeitem"
      aria-level={depth + 1}
      aria-expanded={group && !flat ? open : undefined}
      aria-selected={model.selected === item}
      data-mark={mark}
      style={{ top, paddingInlineStart: 6 + 14 * depth }}
      title={path || undefined}
      onClick={() => void model.reveal(item)}
      onDoubleClick={() => group && void model.toggle(item)}
    >
      {group && !flat ? (
        <span
          className="tengen-Graph-twist"
          data-open={open}
          onClick={event => {
            event.stopPropagation();
            onToggle(item);
          }}
        />
      ) : (
        <span className="tengen-Graph-dot" data-group={group !== undefined} />
      )}
      <span className="tengen-Graph-rowTitle">{title}</span>
      {group && group.times > 1 && <b>×{group.times}</b>}
      <span className="tengen-Graph-rowNote">{flat ? path || subtitle : subtitle}</span>
    </div>
  );
}

function hitRows(hits: readonly Item[]): Row[] {
  return hits.map(item => ({ item, depth: 0 }));
}

function treeRows(tree: GraphTree, opened: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  const visit = (item: Item, depth: number) => {
    for (const child of tree.group(item)?.children ?? []) {
      rows.push({ item: child, depth });
      if (child < 0 && opened.has(tree.group(child)?.key ?? '')) {
        visit(child, depth + 1);
      }
    }
  };
  visit(ROOT, 0);
  return rows;
}
