/** The graph view as a notebook widget: what `tg.viz.graph` shows. */

import style from 'text:../../style/graph.css';
import type { GraphDocument } from '../api/documents.ts';
import { standaloneTexts } from '../ui/standalone.ts';
import { type AskTimes, measureBy, type TimesAnswer } from './measuring.ts';
import { mount, mountPair } from './standalone.ts';

/** The widget's own messages to and from the kernel. */
interface Channel {
  send(content: object): void;
  on(event: 'msg:custom', listener: (content: TimesAnswer) => void): void;
  off(event: 'msg:custom', listener: (content: TimesAnswer) => void): void;
}

/** What the widget manager gives: the kernel's state, and the element to draw in. */
interface Host {
  model: { get(name: 'input'): string } & Channel;
  el: HTMLElement;
}

/** What `GraphView` sends: a graph, and the one to show beside it. */
interface Input {
  document: GraphDocument;
  before: GraphDocument | null;
  /** Whether the kernel can run it for its times. */
  timed: boolean;
}

/** Ask over the widget's messages; a farewell has no answer. */
function askOver(channel: Channel): AskTimes {
  return asked =>
    new Promise(resolve => {
      const { number } = asked as { number?: number };
      if (number === undefined) {
        channel.send(asked);
        resolve(null);
        return;
      }
      const heard = (answer: TimesAnswer): void => {
        if (answer.number === number) {
          channel.off('msg:custom', heard);
          resolve(answer);
        }
      };
      channel.on('msg:custom', heard);
      channel.send(asked);
    });
}

function render({ model, el }: Host): () => void {
  const sheet = document.createElement('style');
  sheet.textContent = style;
  const page = document.createElement('div');
  page.classList.add('tengen-mod-widget');
  el.append(sheet, page);
  const { before, document: after, timed } = JSON.parse(model.get('input')) as Input;
  const measure = timed ? measureBy(askOver(model)) : undefined;
  const options = { trans: standaloneTexts(), compact: true, measure };
  const shown = before ? mountPair(page, { before, after }, options) : mount(page, after, options);
  return () => shown.dispose();
}

export default { render };
