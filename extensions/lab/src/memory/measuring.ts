/** Asks the kernel to run a step under a budget: one run a message, until it has a point. */

import type { BudgetPoint } from '../api/documents.ts';
import type { Measure } from './budgeting.ts';

/** The widget's own messages to and from the kernel. */
export interface Channel {
  send(content: object): void;
  on(event: 'msg:custom', listener: (content: Answer) => void): void;
  off(event: 'msg:custom', listener: (content: Answer) => void): void;
}

/** One run is done: the point, or null before the last; or why it failed. */
export interface Answer {
  number: number;
  point?: BudgetPoint | null;
  error?: string;
}

/** Measures over a channel; between two runs the kernel is free for others. */
export function measureIn(channel: Channel): Measure {
  let last = 0;
  return (budget, abort) =>
    new Promise((resolve, reject) => {
      const number = ++last;
      const ask = (): void => channel.send({ measure: budget, number });
      const end = (): void => {
        channel.off('msg:custom', heard);
        abort.removeEventListener('abort', cancel);
      };
      const cancel = (): void => {
        end();
        channel.send({ cancel: number });
        reject(new Error('cancelled'));
      };
      const heard = (answer: Answer): void => {
        if (answer.number !== number) {
          return;
        }
        if (answer.error !== undefined) {
          end();
          reject(new Error(answer.error));
        } else if (answer.point) {
          end();
          resolve(answer.point);
        } else {
          ask();
        }
      };
      channel.on('msg:custom', heard);
      abort.addEventListener('abort', cancel);
      ask();
    });
}
