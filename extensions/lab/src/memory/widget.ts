/** The memory view as a notebook widget: what `tg.viz.memory` shows. */

import style from 'text:../../style/memory.css';
import { standaloneTexts } from '../ui/standalone.ts';
import { type Channel, measureIn } from './measuring.ts';
import { type MemoryInput, MemoryModel } from './model.ts';
import { mount } from './mount.tsx';

/** What the widget manager gives: the kernel's state, and the element to draw in. */
interface Host {
  model: {
    get(name: 'input'): string;
    on(event: 'change:input', listener: () => void): void;
    off(event: 'change:input', listener: () => void): void;
  } & Channel;
  el: HTMLElement;
}

function render({ model, el }: Host): () => void {
  const sheet = document.createElement('style');
  sheet.textContent = style;
  const page = document.createElement('div');
  page.classList.add('tengen-mod-widget');
  el.append(sheet, page);
  const memory = new MemoryModel({
    load: async () => JSON.parse(model.get('input')) as MemoryInput,
    measure: measureIn(model)
  });
  const load = (): void => void memory.load();
  model.on('change:input', load);
  load();
  const remove = mount(page, memory, standaloneTexts());
  return () => {
    model.off('change:input', load);
    remove();
  };
}

export default { render };
