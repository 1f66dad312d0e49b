/** One document drawn: its headline, its canvases, and the pointer and keys on them. */

import type { Texts } from '../ui/signals.ts';
import * as React from 'react';
import { formatMs, formatSize } from './format.ts';
import type { MemoryModel } from './model.ts';
import { Painter } from './painter.ts';
import { type Palette, readPalette } from './palette.ts';
import { Tip, tipOf } from './tip.tsx';
import { markName, runName } from './words.ts';

interface TrackProps {
  model: MemoryModel;
  index: number;
  trans: Texts;
}

/** A track of the memory view. */
export function TrackView(props: TrackProps): React.ReactElement {
  const { model, index, trans } = props;
  const document = model.tracks[index]?.timeline.document;
  const [tip, setTip] = React.useState<ReturnType<typeof tipOf>>(null);
  const plots = usePlots(props, setTip);
  if (!document) {
    return <></>;
  }
  const peak = model.tracks[index]?.timeline.peak.bytes ?? 0;
  const time =
    document.ms === undefined || document.ms === null
      ? ''
      : `${document.measured === false ? '≈ ' : ''}${formatMs(document.ms)}`;
  const label = trans.__(
    'Memory over time, %1: blocks by time and address',
    runName(document, trans)
  );
  return (
    <section
      className="tengen-Memory-track"
      data-kind={document.kind}
      aria-label={runName(document, trans)}
      aria-current={model.active === index}
    >
      <header>
        <button
          className="tengen-Memory-run"
          aria-pressed={model.active === index}
          onClick={() => model.activate(index)}
        >
          {runName(document, trans)}
        </button>
        <button
          className="tengen-Memory-peak"
          title={trans.__('Go to the peak (p)')}
          onClick={() => model.goToPeak(index)}
        >
          {trans.__('peak %1', formatSize(peak))}
        </button>
        <span>{time}</span>
        <span className="tengen-Memory-name">{document.name}</span>
      </header>
      <div
        className="tengen-Memory-plots"
        ref={plots}
        tabIndex={0}
        role="application"
        aria-roledescription={trans.__('timeline')}
        aria-label={label}
      >
        <canvas />
        <canvas />
        {tip && <Tip {...tip} trans={trans} />}
      </div>
    </section>
  );
}

/** Draw into the element that the returned ref is given to, and listen to pointer and keys. */
function usePlots(
  { model, index, trans }: TrackProps,
  setTip: (tip: ReturnType<typeof tipOf>) => void
): React.RefObject<HTMLDivElement> {
  const host = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const element = host.current;
    const [back, front] = element?.querySelectorAll('canvas') ?? [];
    if (!element || !back || !front) {
      return;
    }
    const painter = new Painter(model, index, back, front);
    const words = {
      capacity: trans.__('capacity'),
      mark: (name: string) => markName(name, trans)
    };
    let palette: Palette = readPalette(element);
    let frame = 0;
    let stale = true;
    const draw = (): void => {
      frame = 0;
      if (stale) {
        stale = false;
        painter.drawBack(palette, words);
      }
      painter.drawFront(palette);
    };
    const ask = (): void => {
      frame ||= requestAnimationFrame(draw);
    };
    const redraw = (): void => {
      stale = true;
      ask();
    };
    const resized = new ResizeObserver(() => {
      painter.resize(element.clientWidth, element.clientHeight, window.devicePixelRatio || 1);
      redraw();
    });
    resized.observe(element);
    const restyled = new MutationObserver(() => {
      palette = readPalette(element);
      redraw();
    });
    for (const themed of [document.body, document.documentElement]) {
      restyled.observe(themed, { attributes: true });
    }
    const moved = (): void => {
      setTip(tipOf(model, index, painter));
      ask();
    };
    model.changed.connect(redraw);
    model.framed.connect(redraw);
    model.moved.connect(moved);
    const release = listen(element, model, index, painter, ask);
    return () => {
      release();
      model.changed.disconnect(redraw);
      model.framed.disconnect(redraw);
      model.moved.disconnect(moved);
      resized.disconnect();
      restyled.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [model, index, trans]);
  return host;
}

/** Turn pointer, wheel and keys into verbs of the model; gives what undoes it. */
function listen(
  element: HTMLElement,
  model: MemoryModel,
  index: number,
  painter: Painter,
  ask: () => void
): () => void {
  let drag: { x: number; y: number; brush: boolean; moved: boolean } | null = null;
  const at = (event: MouseEvent): { x: number; y: number } => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const handlers = {
    pointerdown: (event: PointerEvent): void => {
      if (event.button !== 0) {
        return;
      }
      const { x, y } = at(event);
      const { left, blocksTop } = painter.layout;
      if (x >= left) {
        drag = { x, y, brush: y < blocksTop || event.shiftKey, moved: false };
        element.setPointerCapture(event.pointerId);
      }
    },
    pointermove: (event: PointerEvent): void => {
      const { x, y } = at(event);
      const { left, plot, blocksHeight } = painter.layout;
      if (drag && Math.abs(x - drag.x) + Math.abs(y - drag.y) > 3) {
        drag.moved = true;
      }
      if (drag?.moved && drag.brush) {
        painter.brush = { from: drag.x - left, to: Math.min(Math.max(x - left, 0), plot) };
        ask();
      } else if (drag?.moved) {
        model.sight.pan((drag.x - x) / plot);
        model.sight.panAddresses((y - drag.y) / blocksHeight);
        drag = { ...drag, x, y };
      }
      const block = painter.blockAt(x, y);
      const inside = x >= left && x <= left + plot;
      model.point(
        inside ? painter.timeAt(x) : null,
        block < 0 || drag?.moved ? null : { track: index, block }
      );
    },
    pointerup: (event: PointerEvent): void => {
      const { x, y } = at(event);
      const { left } = painter.layout;
      const brush = painter.brush;
      painter.brush = null;
      if (drag && !drag.moved) {
        const block = painter.blockAt(x, y);
        model.select(block < 0 ? null : { track: index, block });
        model.activate(index);
        model.moveCursor(painter.timeAt(x));
      } else if (brush && Math.abs(brush.to - brush.from) > 3) {
        const from = painter.timeAt(left + Math.min(brush.from, brush.to));
        model.sight.zoomTo(from, painter.timeAt(left + Math.max(brush.from, brush.to)));
      }
      drag = null;
      ask();
    },
    pointerleave: (): void => model.point(null, null),
    dblclick: (): void => model.sight.fit(),
    wheel: (event: WheelEvent): void => {
      const focused = element.contains(element.ownerDocument.activeElement);
      if (!event.ctrlKey && !event.metaKey && !focused) {
        return; // the page scrolls until the plots were clicked
      }
      event.preventDefault();
      const { x, y } = at(event);
      const across = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (event.altKey) {
        model.sight.zoomAddresses(Math.exp(event.deltaY / 400), painter.addressAt(y));
      } else if (Math.abs(across) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
        model.sight.pan(across / painter.layout.plot);
      } else {
        model.sight.zoomBy(Math.exp(event.deltaY / 400), painter.timeAt(x));
      }
    },
    keydown: (event: KeyboardEvent): void => {
      if (pressed(event, model, index)) {
        event.preventDefault();
        event.stopPropagation();
      }
    }
  };
  const entries = Object.entries(handlers) as [string, EventListener][];
  for (const [type, handler] of entries) {
    element.addEventListener(type, handler, { passive: false });
  }
  return () => {
    for (const [type, handler] of entries) {
      element.removeEventListener(type, handler);
    }
  };
}

/** Act on a key; false if it means nothing here. */
function pressed(event: KeyboardEvent, model: MemoryModel, index: number): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return false;
  }
  const far = event.shiftKey ? 10 : 1;
  model.activate(index);
  switch (event.key) {
    case 'ArrowLeft':
      model.stepCursor(-far);
      return true;
    case 'ArrowRight':
      model.stepCursor(far);
      return true;
    case 'ArrowUp':
      model.selectNeighbour(1);
      return true;
    case 'ArrowDown':
      model.selectNeighbour(-1);
      return true;
    case '+':
    case '=':
      model.sight.zoomBy(0.6, model.cursor);
      return true;
    case '-':
      model.sight.zoomBy(1 / 0.6, model.cursor);
      return true;
    case 'a':
      model.sight.pan(-0.2);
      return true;
    case 'd':
      model.sight.pan(0.2);
      return true;
    case 'f':
    case '0':
      model.sight.fit();
      return true;
    case 'p':
      model.goToPeak(index);
      return true;
    case 'Escape':
      model.select(null);
      return true;
    default:
      return false;
  }
}
