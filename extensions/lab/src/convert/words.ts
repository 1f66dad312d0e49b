/** What the kernel says of a conversion, in the user's language; unknown sentences stay as said. */

import type { ConversionFinding, ConversionReport, CostRow } from '../api/documents.ts';
import type { Texts } from '../ui/signals.ts';
import { formatDifference } from './figures.ts';

type Words = Record<string, string>;

/** The outcome in one sentence. */
export function verdictText(report: ConversionReport, trans: Texts): string {
  if (report.cancelled) {
    return trans.__('Static; the comparison was stopped before its end.');
  }
  if (!report.parity.length) {
    return trans.__('Static; the results have not been compared yet.');
  }
  if (!report.ok) {
    const worst = report.parity.find(row => !row.agrees);
    const by = formatDifference(worst?.difference ?? null);
    return trans.__('Not the same: %1 differ by %2.', whatText(worst?.what ?? '', trans), by);
  }
  const [time, memory] = [ratioOf(report.costs, 'ms'), ratioOf(report.costs, 'bytes')];
  if (time === null || memory === null) {
    return trans.__('Static, same results.');
  }
  return trans.__(
    'Static, same results, %1, %2.',
    speedText(1 / time, trans),
    shareText(memory, trans)
  );
}

function speedText(times: number, trans: Texts): string {
  if (times >= 1.05) {
    return trans.__('%1× faster', times.toFixed(1));
  }
  return times > 0.95 ? trans.__('the same speed') : trans.__('%1× the speed', times.toFixed(2));
}

function shareText(share: number, trans: Texts): string {
  const percent = Math.round(100 * share);
  return percent === 100
    ? trans.__('the same memory')
    : trans.__('%1 of the memory', `${percent}%`);
}

function ratioOf(costs: CostRow[], unit: CostRow['unit']): number | null {
  const row = costs.find(cost => cost.unit === unit);
  return row && row.before > 0 && row.after > 0 ? row.after / row.before : null;
}

/** The stage a conversion is in. */
export function stageText(stage: string, trans: Texts): string {
  const words: Words = {
    capturing: trans.__('recording and compiling a call'),
    'comparing results': trans.__('comparing results'),
    'running other inputs': trans.__('running other inputs'),
    'running another seed and mode': trans.__('running another seed and mode'),
    'measuring time and memory': trans.__('measuring time and memory'),
    done: trans.__('done')
  };
  return words[stage] ?? stage;
}

/** What was compared, measured or tried. */
export function whatText(what: string, trans: Texts): string {
  const numbered = /^(other inputs|your inputs) \((\d+)\)$/.exec(what);
  if (numbered) {
    return numbered[1] === 'other inputs'
      ? trans.__('other inputs (%1)', numbered[2])
      : trans.__('your inputs (%1)', numbered[2]);
  }
  const words: Words = {
    outputs: trans.__('outputs'),
    gradients: trans.__('gradients'),
    'weights and states after the call': trans.__('weights and states after the call'),
    'changes of weights and states': trans.__('changes of weights and states'),
    'comparing results': trans.__('comparing results'),
    calls: trans.__('calls'),
    'time of a call': trans.__('time of a call'),
    'peak memory above what was held': trans.__('peak memory above what was held'),
    'the same call twice': trans.__('the same call twice'),
    'Python side effect': trans.__('Python side effect'),
    'another seed': trans.__('another seed'),
    'the other mode (train or eval)': trans.__('the other mode (train or eval)'),
    'another batch size': trans.__('another batch size'),
    'a batch size that was not recorded': trans.__('a batch size that was not recorded'),
    'three calls in a row': trans.__('three calls in a row')
  };
  return words[what] ?? what;
}

/** How other batch sizes are met. */
export function batchText(report: ConversionReport, trans: Texts): string {
  if (report.batch === 'any') {
    return trans.__('one graph for all');
  }
  if (report.batch !== 'each') {
    return trans.__('not tried');
  }
  const plain = trans.__('each is recorded by itself');
  const look = /^looks at the batch size \((.*)\)$/.exec(report.batch_note);
  if (look) {
    return trans.__('each is recorded by itself, since a line looks at it: %1', look[1]);
  }
  return report.batch_note ? `${plain} (${report.batch_note})` : plain;
}

/** What can be made static, in a few words. */
export function targetText(text: string, trans: Texts): string {
  const model = /^(.*), ([\d,]+) parameters$/.exec(text);
  return model ? trans.__('%1, %2 parameters', model[1], model[2]) : text;
}

/** The name of an argument; a model's have none of their own. */
export function argumentText(name: string, trans: Texts): string {
  const numbered = /^input (\d+)$/.exec(name);
  return numbered ? trans.__('input %1', numbered[1]) : name;
}

/** What a finding says further. */
export function noteText({ note }: ConversionFinding, trans: Texts): string {
  return note === 'is recorded anew' ? trans.__('is recorded anew') : note;
}

/** What a line does that keeps Python in the call. */
export function causeText(cause: string, about: string, trans: Texts): string {
  const words: Words = {
    'host read': trans.__('reads a value on the host'),
    'data-dependent shape': trans.__('gives a shape that depends on data'),
    pieces: trans.__('runs in more than one piece'),
    'nothing to run': trans.__('computes nothing with tensors'),
    'kept value': trans.__('keeps a value of the call in Python'),
    'inner data': trans.__('uses data that Python makes inside the call'),
    'aliased argument': trans.__('was given an argument that is also one of its own tensors'),
    'side effect': trans.__('changes Python state'),
    branch: trans.__('goes another way for other inputs'),
    'hidden state': trans.__('goes another way without looking at a tensor'),
    output: trans.__('gives a result that a replay does not reproduce'),
    failure: trans.__('fails for other inputs'),
    shape: trans.__('is recorded anew for another shape')
  };
  const text = words[cause] ?? cause;
  return about ? `${text} (${about})` : text;
}

/** What to change. */
export function fixText(fix: string, trans: Texts): string {
  const chosen = /^Choose with F\.where instead of `if`: compute both and take (.*)\.$/.exec(fix);
  if (chosen) {
    return trans.__('Choose with F.where instead of `if`: compute both and take %1.', chosen[1]);
  }
  const known = [
    trans.__('Keep the value a tensor, and read it after the call.'),
    trans.__('Run a fixed number of rounds and mask the finished ones with F.where.'),
    trans.__('Check the value after the call, or leave the check to debugging.'),
    trans.__('Print after the call from a value that it returns.'),
    trans.__('Return the tensor and append its value after the call.'),
    trans.__('Return the tensor itself and read it after the call.'),
    trans.__(
      'Keep the shape fixed: mask with F.where instead of selecting, or take a fixed number of the best with F.topk.'
    ),
    trans.__('Return the value instead of keeping it, or keep value.numpy() after the call.'),
    trans.__(
      'Make the tensor once outside and pass it in, or use F.zeros, F.ones, F.arange or tengen.random, which belong to the graph.'
    ),
    trans.__('Pass a copy of the tensor, or do not pass what the function holds already.'),
    trans.__('Return what the line keeps and do the rest after the call.'),
    trans.__('Pass the value in as an argument, so that a change is seen.'),
    trans.__('Choose between values with F.where instead of between ways.'),
    trans.__('Pad or crop to one shape where every shape is used only a few times.')
  ];
  // The sentence is a key of the table, written above so that the table has it.
  return known.includes(trans.gettext(fix)) ? trans.gettext(fix) : fix;
}
