/** The graph view as a notebook widget: what `tg.viz.graph` shows. */

import style from 'text:../../style/graph.css';
import type { GraphDocument } from '../api/documents.ts';
import { standaloneTexts } from '../ui/standalone.ts';
import { mount, mountPair } from './standalone.ts';

/** What the widget manager gives: the kernel's state, and the element to draw in. */
interface Host {
  model: { get(name: 'input'): string };
  el: HTMLElement;
}

/** What `GraphView` sends: a graph, and the one to show beside it. */
interface Input {
  document: GraphDocument;
  before: GraphDocument | null;
}

function render({ model, el }: Host): () => void {
  const sheet = document.createElement('style');
  sheet.textContent = style;
  const page = document.createElement('div');
  page.classList.add('tengen-mod-widget');
  el.append(sheet, page);
  const { before, document: after } = JSON.parse(model.get('input')) as Input;
  const options = { trans: standaloneTexts(), compact: true };
  const shown = before ? mountPair(page, { before, after }, options) : mount(page, after, options);
  return () => shown.dispose();
}

export default { render };
