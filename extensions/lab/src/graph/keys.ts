/** What keys do on the canvas. */

import type { GraphModel } from './model.ts';

/** What a key can reach. */
export interface KeyTargets {
  readonly model: Pick<GraphModel, 'walk' | 'leave'>;
  enter(): void;
  search(): void;
  fit(): void;
  home(): void;
  zoom(factor: number): void;
}

/** What a key does; null for a key of no meaning here. */
export function keyAction(key: string, targets: KeyTargets): (() => void) | null {
  const { model } = targets;
  switch (key) {
    case 'ArrowUp':
      return () => model.walk('up');
    case 'ArrowDown':
      return () => model.walk('down');
    case 'ArrowLeft':
      return () => model.walk('left');
    case 'ArrowRight':
      return () => model.walk('right');
    case 'Enter':
      return () => targets.enter();
    case 'Escape':
      return () => void model.leave();
    case '/':
      return () => targets.search();
    case 'f':
      return () => targets.fit();
    case 'Home':
      return () => targets.home();
    case '+':
    case '=':
      return () => targets.zoom(1.25);
    case '-':
      return () => targets.zoom(0.8);
    default:
      return null;
  }
}
