/** Puts a memory view into any element: the same view as in JupyterLab, without JupyterLab. */

import * as React from 'react';
import { createRoot } from 'react-dom/client';
import type { Source } from '../api/documents.ts';
import { pageFocus } from '../source/focus.ts';
import type { Texts } from '../ui/signals.ts';
import { linkMemory } from './linking.ts';
import type { MemoryModel } from './model.ts';
import { MemoryContent } from './view.tsx';

/** Show a model in an element; gives what takes it away again. */
export function mount(
  element: HTMLElement,
  model: MemoryModel,
  trans: Texts,
  onSource?: (source: Source) => void
): () => void {
  const root = createRoot(element);
  element.classList.add('tengen-Memory');
  root.render(<MemoryContent model={model} trans={trans} onSource={onSource} />);
  const unlink = linkMemory(model, pageFocus());
  return () => {
    unlink();
    root.unmount();
  };
}
