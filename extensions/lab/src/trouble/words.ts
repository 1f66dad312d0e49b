/** What happened to a kernel, what is safe and what to do, in words of the table. */

import type { KernelDeath, Way } from '../api/documents.ts';
import type { Texts } from '../ui/signals.ts';
import { formatBytes } from '../ui/text.ts';

/** What happened, in one sentence. */
export function deathTitle(death: KernelDeath, trans: Texts): string {
  if (death.cause === 'memory') {
    return death.certain !== false
      ? trans.__('The kernel died: the system ended it because memory ran out')
      : trans.__('The kernel died, most likely because memory ran out');
  }
  if (death.cause === 'exit') {
    return trans.__('The kernel ended by itself, with exit status %1', death.status ?? 0);
  }
  if (death.signal === 'SIGKILL' || death.signal === 'SIGTERM') {
    return trans.__('The kernel was ended from outside (%1)', death.signal);
  }
  return trans.__('The kernel crashed (%1)', death.signal ?? '?');
}

/** What to do now. */
export function deathAdvice(death: KernelDeath, trans: Texts): string {
  if (death.cause === 'memory') {
    return trans.__(
      'Use a smaller batch, make the step static, or set tengen.config.memory_limit: then an error names the tensors instead.'
    );
  }
  if (death.cause === 'exit') {
    return trans.__('Code that ran here called os._exit or something like it.');
  }
  if (death.signal === 'SIGKILL' || death.signal === 'SIGTERM') {
    return trans.__(
      'Something outside this notebook ended it: a person, a job scheduler, or the system when memory is short.'
    );
  }
  return trans.__(
    'Compiled code failed, in a library or in the system. The last of the lines below called it.'
  );
}

/** Which limit a size is compared with. */
export function limitName(kind: KernelDeath['limit_kind'], bytes: number, trans: Texts): string {
  const size = formatBytes(bytes);
  switch (kind) {
    case 'control group':
      return trans.__('of the %1 that this container may use', size);
    case 'address space':
      return trans.__('of the %1 that this process may use', size);
    default:
      return trans.__('of the %1 that this machine has', size);
  }
}

/** What a way out is. */
export function wayTitle(way: Way, trans: Texts): string {
  switch (way.kind) {
    case 'batch':
      return trans.__('A batch of %1', way.batch ?? 0);
    case 'static':
      return trans.__('The same batch, made static');
    case 'recompute':
      return trans.__('The same batch, static, some results computed twice');
    case 'free':
      return trans.__('Let go of %1', way.name ?? '');
  }
}

/** What is predicted of a way out. */
export function wayFigures(way: Way, capacity: number, trans: Texts): string {
  const size = formatBytes(way.bytes ?? 0);
  if (way.kind === 'free') {
    return trans.__('frees %1', size);
  }
  const fits = way.fits
    ? trans.__('about %1 of %2', size, formatBytes(capacity))
    : trans.__('about %1: does not fit', size);
  return way.seconds ? `${fits} · ${duration(way.seconds, trans)}` : fits;
}

function duration(seconds: number, trans: Texts): string {
  const text = seconds < 1 ? `${(1000 * seconds).toPrecision(2)} ms` : `${seconds.toFixed(1)} s`;
  return trans.__('about %1 more a step', text);
}

/** The card as plain text, for viewers that draw none. */
export function deathText(death: KernelDeath, trans: Texts): string {
  const lines = [`${deathTitle(death, trans)}.`];
  const place = death.stack?.at(-1);
  if (place) {
    lines.push(`${place.file}:${place.line} ${place.text ?? ''}`.trim());
  }
  lines.push(deathAdvice(death, trans));
  return lines.join('\n');
}
