/** What is known of the choice, or of the whole graph when nothing is chosen. */

import * as React from 'react';
import type { GraphSlot, GraphTensor, Source } from '../api/documents.ts';
import { formatBytes } from '../ui/text.ts';
import { type Texts, useSignal } from '../ui/signals.ts';
import { labelOf, shapeText } from './describe.ts';
import type { Adjacency } from './edges.ts';
import { countText, figureText, shareText } from './figures.ts';
import type { GraphModel } from './model.ts';
import type { ShownGraph } from './shown.ts';
import { type Group, type Item, ROOT } from './tree.ts';
import { neighbours } from './walk.ts';

interface DetailsProps {
  readonly model: GraphModel;
  readonly trans: Texts;
  /** Show a line of the user's code; absent where there is no way to. */
  readonly onSource?: ((source: Source) => void) | undefined;
}

/** The panel on the right. */
export function Details(props: DetailsProps): React.ReactElement | null {
  const { model, trans } = props;
  useSignal(model.changed);
  const { graph, selected } = model;
  if (!graph) {
    return null;
  }
  const content =
    selected === null ? (
      <Whole graph={graph} {...props} />
    ) : selected < 0 ? (
      <OfGroup graph={graph} item={selected} {...props} />
    ) : (
      <OfLeaf graph={graph} leaf={selected} {...props} />
    );
  return (
    <aside className="tengen-Graph-details" aria-label={trans.__('Details')}>
      {content}
    </aside>
  );
}

function Whole(props: DetailsProps & { graph: ShownGraph }): React.ReactElement {
  const { graph, trans } = props;
  const { document: doc, tree } = graph;
  const totals = doc.totals ?? {};
  const sums = tree.figures(ROOT);
  const rows: [string, string][] = [
    [trans.__('Operators'), String(doc.nodes.length)],
    [trans.__('Modules'), String(tree.groups.filter(group => group.origin === 'module').length)],
    [trans.__('Time'), figureText('ms', totals.ms ?? sums.ms)],
    [trans.__('Memory'), figureText('bytes', totals.peak_bytes ?? totals.bytes ?? sums.bytes)],
    [trans.__('Work'), figureText('flops', totals.flops ?? sums.flops)]
  ];
  if (totals.parameters) {
    const size = totals.parameter_bytes ? ` · ${formatBytes(totals.parameter_bytes)}` : '';
    rows.push([trans.__('Parameters'), countText(totals.parameters) + size]);
  }
  if (doc.device) {
    rows.push([trans.__('Device'), doc.device]);
  }
  return (
    <>
      <header>
        <h2>{doc.name || trans.__('Graph')}</h2>
        {doc.form && <p>{formText(doc.form, trans)}</p>}
      </header>
      <Table rows={rows} />
      {doc.note && <p className="tengen-Graph-note">{doc.note}</p>}
      <Costliest {...props} item={ROOT} />
      <section>
        <h3>{trans.__('Keys')}</h3>
        <Table
          rows={[
            ['↑ ↓', trans.__('along edges')],
            ['← →', trans.__('across siblings')],
            ['Enter', trans.__('open or close; with Alt all alike')],
            ['Esc', trans.__('close the group around')],
            ['/', trans.__('search')],
            ['f', trans.__('show everything')],
            ['+ −', trans.__('zoom')]
          ]}
        />
      </section>
    </>
  );
}

/** How the graph came to be, as a word for people. */
export function formText(form: string, trans: Texts): string {
  switch (form) {
    case 'dynamic':
      return trans.__('dynamic');
    case 'static':
      return trans.__('static');
    case 'file':
      return trans.__('from a file');
    default:
      return form;
  }
}

function OfGroup(props: DetailsProps & { graph: ShownGraph; item: Item }): React.ReactElement {
  const { graph, item, model, trans } = props;
  const group = graph.tree.group(item) as Group;
  const known = graph.document.groups?.find(other => other.path === group.path);
  const state = new Map<string, GraphSlot>();
  graph.tree.eachLeaf(item, leaf =>
    graph.edges.slotsOf(leaf).forEach(slot => state.set(slot.id, slot))
  );
  const rows: [string, string][] = [[trans.__('Operators'), String(group.leaves)]];
  if (group.times > 1) {
    rows.push([trans.__('Equal blocks'), `×${group.times}`]);
  }
  rows.push(...figureRows(props, item));
  if (state.size) {
    const bytes = [...state.values()].reduce((sum, slot) => sum + (slot.bytes ?? 0), 0);
    rows.push([trans.__('State'), `${state.size} · ${formatBytes(bytes)}`]);
  }
  const open = model.isOpen(item);
  return (
    <>
      <header>
        <h2>{group.name}</h2>
        <p>{[group.kind, group.path !== group.name && group.path].filter(Boolean).join(' · ')}</p>
        <button className="jp-mod-styled" onClick={() => void model.toggle(item)}>
          {open ? trans.__('Close group') : trans.__('Open group')}
        </button>
      </header>
      <Table rows={rows} />
      {known?.source && <SourceLine {...props} source={known.source} />}
      {known?.note && <p className="tengen-Graph-note">{known.note}</p>}
      <Costliest {...props} item={item} />
      <Neighbours {...props} item={item} />
    </>
  );
}

function OfLeaf(props: DetailsProps & { graph: ShownGraph; leaf: number }): React.ReactElement {
  const { graph, leaf, trans } = props;
  const { edges, tree } = graph;
  const node = edges.node(leaf);
  const { subtitle, title } = labelOf(tree, leaf);
  const attrs = Object.entries(node?.attrs ?? {});
  const slots = edges.slotsOf(leaf);
  const made = edges.made(leaf);
  const out = edges.handedOut(leaf);
  return (
    <>
      <header>
        <h2>{title}</h2>
        <p>{node ? node.group || subtitle : subtitle}</p>
      </header>
      <Table
        rows={[
          ...figureRows(props, leaf),
          ...(node?.phase ? [[trans.__('Phase'), node.phase] as [string, string]] : []),
          ...(node ? [[trans.__('Name'), node.name || node.id] as [string, string]] : [])
        ]}
      />
      {node?.source && <SourceLine {...props} source={node.source} />}
      {node?.note && <p className="tengen-Graph-note">{node.note}</p>}
      <Tensors title={trans.__('Results')} tensors={out ? [out] : made} trans={trans} />
      <Tensors title={trans.__('State')} tensors={slots} trans={trans} />
      {attrs.length > 0 && (
        <section>
          <h3>{trans.__('Attributes')}</h3>
          <Table rows={attrs.map(([name, value]) => [name, attributeText(value)])} />
        </section>
      )}
      <Neighbours {...props} item={leaf} />
    </>
  );
}

function figureRows(
  { graph, trans }: DetailsProps & { graph: ShownGraph },
  item: Item
): [string, string][] {
  const own = graph.tree.figures(item);
  const whole = graph.tree.figures(ROOT);
  const row = (name: string, kind: 'ms' | 'bytes' | 'flops'): [string, string][] =>
    own[kind] === null
      ? []
      : [[name, `${figureText(kind, own[kind])}   ${shareText(own[kind], whole[kind])}`]];
  return [
    ...row(trans.__('Time'), 'ms'),
    ...row(trans.__('Memory'), 'bytes'),
    ...row(trans.__('Work'), 'flops')
  ];
}

function attributeText(value: unknown): string {
  return Array.isArray(value) ? `(${value.join(', ')})` : String(value);
}

function Table({ rows }: { rows: [string, string][] }): React.ReactElement {
  return (
    <table className="tengen-Graph-table">
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{value}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Tensors(props: {
  title: string;
  tensors: readonly (GraphTensor | GraphSlot)[];
  trans: Texts;
}): React.ReactElement | null {
  const { tensors, title } = props;
  if (!tensors.length) {
    return null;
  }
  return (
    <section>
      <h3>{title}</h3>
      <ul className="tengen-Graph-tensors">
        {tensors.map(tensor => (
          <li key={tensor.id}>
            {tensor.name && <span className="tengen-Graph-tensorName">{tensor.name}</span>}
            <code>{shapeText(tensor)}</code> {tensor.dtype}
            {tensor.layout ? ` · ${tensor.layout}` : ''}
            {tensor.bytes ? ` · ${formatBytes(tensor.bytes)}` : ''}
          </li>
        ))}
      </ul>
    </section>
  );
}

function SourceLine(props: DetailsProps & { source: Source }): React.ReactElement {
  const { onSource, source, trans } = props;
  const place = sourceText(source, trans);
  return (
    <section>
      <h3>{trans.__('Source')}</h3>
      {onSource ? (
        <button className="tengen-Graph-link" onClick={() => onSource(source)}>
          {place} ↗
        </button>
      ) : (
        <span>{place}</span>
      )}
      {source.text && <pre>{source.text.trim()}</pre>}
    </section>
  );
}

/** Where a line is, short: the file's name or the notebook cell, and the line. */
export function sourceText(source: Source, trans: Texts): string {
  const file = source.file.split(/[\\/]/).pop() ?? source.file;
  return source.cell
    ? trans.__('%1, line %2', source.cell, String(source.line))
    : `${file}:${source.line}`;
}

function Costliest(
  props: DetailsProps & { graph: ShownGraph; item: Item }
): React.ReactElement | null {
  const { graph, item, model, trans } = props;
  const by = (['ms', 'flops', 'bytes'] as const).find(
    kind => graph.tree.figures(item)[kind] !== null
  );
  const whole = by ? graph.tree.figures(item)[by] : null;
  if (!by || !whole) {
    return null;
  }
  const children = [...(graph.tree.group(item)?.children ?? [])]
    .map(child => ({ child, figure: graph.tree.figures(child)[by] ?? 0 }))
    .sort((a, b) => b.figure - a.figure)
    .slice(0, 6)
    .filter(({ figure }) => figure > 0);
  return (
    <section>
      <h3>
        {by === 'ms'
          ? trans.__('Where the time goes')
          : by === 'flops'
            ? trans.__('Where the work is')
            : trans.__('Where the memory goes')}
      </h3>
      <ul className="tengen-Graph-bars">
        {children.map(({ child, figure }) => (
          <li key={child}>
            <button onClick={() => void model.reveal(child)}>
              <span style={{ inlineSize: `${(100 * figure) / whole}%` }} />
              <em>{nameOf(graph, child)}</em>
              <small>{figureText(by, figure)}</small>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Neighbours(props: DetailsProps & { graph: ShownGraph; item: Item }): React.ReactElement {
  const { graph, item, trans } = props;
  const { inward, outward } = graph.edges;
  return (
    <>
      <NeighbourList {...props} title={trans.__('Reads from')} item={item} along={inward} />
      <NeighbourList {...props} title={trans.__('Read by')} item={item} along={outward} />
    </>
  );
}

function NeighbourList(
  props: DetailsProps & { graph: ShownGraph; item: Item; title: string; along: Adjacency }
): React.ReactElement | null {
  const { along, graph, item, model, trans, title } = props;
  const found = [...neighbours(graph.tree, graph.scene, item, along)];
  if (!found.length) {
    return null;
  }
  const most = 12;
  return (
    <section>
      <h3>{title}</h3>
      <ul className="tengen-Graph-neighbours">
        {found.slice(0, most).map(([other, tensors]) => (
          <li key={other}>
            <button className="tengen-Graph-link" onClick={() => void model.reveal(other)}>
              {nameOf(graph, other)}
            </button>{' '}
            <code>
              {tensors
                .map(t => textOfTensor(graph, t))
                .slice(0, 2)
                .join(', ')}
            </code>
          </li>
        ))}
        {found.length > most && <li>{trans.__('and %1 more', String(found.length - most))}</li>}
      </ul>
    </section>
  );
}

function textOfTensor(graph: ShownGraph, tensor: number): string {
  const found = graph.edges.tensors[tensor];
  return found ? shapeText(found) : '';
}

function nameOf({ tree }: ShownGraph, item: Item): string {
  const { subtitle, title } = labelOf(tree, item);
  return item >= 0 && subtitle ? `${title} · ${subtitle}` : title;
}
