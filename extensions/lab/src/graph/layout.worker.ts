/** The worker's side: takes jobs in turn, and skips those called off before their turn. */

import { type LayoutJob, layOut } from './layout.ts';
import type { Answer, Order } from './layouter.ts';

const scope = self as unknown as {
  onmessage: ((event: MessageEvent<Order>) => void) | null;
  postMessage(answer: Answer, transfer: Transferable[]): void;
};
const queue = new Map<number, Extract<Order, { kind: 'lay out' }>>();
let waiting = false;
/** Milliseconds of work between two breaths. */
const TURN = 12;

scope.onmessage = ({ data }) => {
  if (data.kind === 'call off') {
    queue.delete(data.id);
    return;
  }
  queue.set(data.id, data);
  if (!waiting) {
    waiting = true;
    setTimeout(work);
  }
};

/** Work for a while, then take a breath in which orders to call off can come in. */
function work(): void {
  const rest = performance.now() + TURN;
  while (queue.size && performance.now() < rest) {
    const [next] = queue.values();
    if (next) {
      queue.delete(next.id);
      answer(next.id, next.job);
    }
  }
  waiting = queue.size > 0;
  if (waiting) {
    setTimeout(work);
  }
}

function answer(id: number, job: LayoutJob): void {
  try {
    const result = layOut(job);
    const { offsets, places, points } = result;
    scope.postMessage({ id, result }, [places.buffer, points.buffer, offsets.buffer]);
  } catch (error) {
    scope.postMessage({ id, failure: String(error) }, []);
  }
}
