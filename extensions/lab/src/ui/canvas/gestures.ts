/** Drag, wheel and pinch on an element, told as pans, zooms and clicks. */

/** What the gestures mean; positions are in CSS pixels within the element. */
export interface GestureHandlers {
  pan(dx: number, dy: number): void;
  zoom(factor: number, x: number, y: number): void;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number, event: PointerEvent): void;
  doubleClick(x: number, y: number, event: MouseEvent): void;
}

const STILL = 4; // pixels: a press that moves less is a click

/** Listen on `element` until the returned function is called. */
export function listen(element: HTMLElement, handlers: GestureHandlers): () => void {
  const pointers = new Map<number, { x: number; y: number }>();
  let moved = 0;
  const spot = (event: MouseEvent): [number, number] => {
    const { left, top } = element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };

  const down = (event: PointerEvent) => {
    if (event.button > 1) {
      return;
    }
    const [x, y] = spot(event);
    pointers.set(event.pointerId, { x, y });
    moved = 0;
    element.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    const [x, y] = spot(event);
    const held = pointers.get(event.pointerId);
    if (!held) {
      handlers.hover(x, y);
      return;
    }
    const [dx, dy] = [x - held.x, y - held.y];
    moved += Math.abs(dx) + Math.abs(dy);
    if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1] ?? held;
      const before = Math.hypot(held.x - other.x, held.y - other.y);
      const after = Math.hypot(x - other.x, y - other.y);
      handlers.zoom(after / Math.max(before, 1), (x + other.x) / 2, (y + other.y) / 2);
    }
    pointers.set(event.pointerId, { x, y });
    if (moved > STILL) {
      handlers.pan(dx / pointers.size, dy / pointers.size);
    }
  };
  const up = (event: PointerEvent) => {
    const held = pointers.delete(event.pointerId);
    if (held && moved <= STILL && event.type === 'pointerup' && event.button === 0) {
      handlers.click(...spot(event), event);
    }
  };
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.shiftKey && !event.ctrlKey) {
      handlers.pan(-(event.deltaX || event.deltaY) * unit, 0);
      return;
    }
    // A pinch on a touchpad comes as a wheel with Ctrl, in small steps.
    const speed = event.ctrlKey ? 0.01 : 0.0015;
    handlers.zoom(Math.exp(-event.deltaY * unit * speed), ...spot(event));
  };
  const doubled = (event: MouseEvent) => handlers.doubleClick(...spot(event), event);
  const gone = () => handlers.leave();

  element.addEventListener('pointerdown', down);
  element.addEventListener('pointermove', move);
  element.addEventListener('pointerup', up);
  element.addEventListener('pointercancel', up);
  element.addEventListener('pointerleave', gone);
  element.addEventListener('wheel', wheel, { passive: false });
  element.addEventListener('dblclick', doubled);
  return () => {
    element.removeEventListener('pointerdown', down);
    element.removeEventListener('pointermove', move);
    element.removeEventListener('pointerup', up);
    element.removeEventListener('pointercancel', up);
    element.removeEventListener('pointerleave', gone);
    element.removeEventListener('wheel', wheel);
    element.removeEventListener('dblclick', doubled);
  };
}
