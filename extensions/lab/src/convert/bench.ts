/** A notebook and its kernel, as a conversion needs them. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents, Kernel } from '@jupyterlab/services';
import type {
  Conversion,
  ConversionBlocker,
  ConversionTargets,
  GraphDocument
} from '../api/documents.ts';
import { afterPasses, earliest, measureBy, type MeasureTimes, type Pair } from '../graph/tokens.ts';
import type { Texts } from '../ui/signals.ts';
import { type Change, cellNumber, changeFor, insertUse, make, removeUse } from './cells.ts';
import {
  type MemoryShown,
  besideOf,
  convertIn,
  drawIn,
  exportIn,
  graphIn,
  leave,
  memoryIn,
  reportIn,
  saveIn,
  targetsOf,
  timesIn,
  undoIn
} from './kernel.ts';
import type { Applied, FileForm, ReportForm, Saved, Workbench } from './model.ts';

/** What the bench asks of the application. */
export interface BenchWiring {
  trans: Texts;
  contents: Contents.IManager;
  /** Ask whether to change a cell and run the cells that it takes. */
  confirm(change: Change): Promise<boolean>;
  /** Give a text to the user as a file. */
  download(text: string, name: string, type: string): void;
}

const FILES: Record<ReportForm, [string, string]> = {
  html: ['html', 'text/html'],
  json: ['json', 'application/json'],
  text: ['txt', 'text/plain']
};

/** A conversion that was asked for, with its way past the running cell. */
interface Run {
  beside: Kernel.IKernelConnection | null;
  stopping: boolean;
}

/** The bench of one open notebook. */
export class NotebookBench implements Workbench {
  private readonly _panel: NotebookPanel;
  private readonly _wiring: BenchWiring;
  private _run: Run | null = null;

  constructor(panel: NotebookPanel, wiring: BenchWiring) {
    this._panel = panel;
    this._wiring = wiring;
  }

  async targets(): Promise<ConversionTargets | null | undefined> {
    const kernel = this._panel.isDisposed ? null : this._panel.sessionContext.session?.kernel;
    if (!kernel) {
      return undefined;
    }
    // The kernel's status does not tell whether a cell runs once a subshell has answered.
    const beside = await besideOf(kernel);
    try {
      return await targetsOf(beside ?? kernel);
    } finally {
      leave(beside);
    }
  }

  async convert(
    name: string,
    samples: string[],
    progress: (now: Conversion | null) => void
  ): Promise<Conversion> {
    const kernel = this._kernel();
    const beside = await besideOf(kernel);
    const run: Run = { beside, stopping: false };
    this._run = run;
    try {
      const watching = { beside, progress, stopping: () => run.stopping };
      return this._known(await convertIn(kernel, name, samples, watching));
    } finally {
      leave(beside);
    }
  }

  stop(): Promise<void> {
    if (!this._run?.beside) {
      const { trans } = this._wiring;
      return Promise.reject(
        new Error(trans.__('This kernel cannot be asked while it runs: interrupt it instead.'))
      );
    }
    this._run.stopping = true;
    return Promise.resolve();
  }

  async use(conversion: Conversion): Promise<void> {
    const panel = this._open();
    removeUse(panel, conversion.name);
    this._ran(await insertUse(panel, conversion));
  }

  async undo(name: string): Promise<void> {
    removeUse(this._open(), name);
    await undoIn(this._kernel(), name);
  }

  async save({ name, number }: Conversion, form: FileForm): Promise<Saved> {
    const { path } = this._open().context;
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const file = await this._freeName(folder, name, form);
    if (form === 'onnx') {
      const { text } = this._known(await exportIn(this._kernel(), number, file));
      return { path: folder + file, note: text };
    }
    this._known(await saveIn(this._kernel(), number, file));
    return { path: folder + file, note: '' };
  }

  async export({ name, number }: Conversion, form: ReportForm): Promise<void> {
    const [extension, type] = FILES[form];
    const { text } = this._known(await reportIn(this._kernel(), number, form));
    this._wiring.download(text, `${name}-static.${extension}`, type);
  }

  async apply(conversion: Conversion, blocker: ConversionBlocker): Promise<Applied> {
    const panel = this._open();
    const change = changeFor(panel, blocker, conversion.name);
    if (!change) {
      return 'not-found';
    }
    if (!(await this._wiring.confirm(change))) {
      return 'declined';
    }
    this._ran(await make(panel, change));
    return 'applied';
  }

  /** The number of the cell that a file of the kernel's is, from 1. */
  cell(file: string): number | null {
    return this._panel.isDisposed ? null : cellNumber(this._panel, file);
  }

  /** The graph before and after the conversion. */
  async graphs({ name, number }: Conversion): Promise<Pair> {
    const { trans } = this._wiring;
    const { before, document } = this._known(await graphIn(this._kernel(), number));
    const recorded = before ?? afterPasses(document, earliest(document));
    return {
      before: { ...recorded, name: trans.__('%1 as written', name), form: 'dynamic', passes: [] },
      after: document
    };
  }

  /** The graph of something that is not converted, and what measures its calls. */
  drawn(
    name: string,
    samples: readonly string[]
  ): { load: () => Promise<GraphDocument>; measure: MeasureTimes } {
    let shown = -1;
    const load = async () => {
      const { document, number } = this._known(await drawIn(this._kernel(), name, samples));
      shown = number;
      return document;
    };
    return { load, measure: measureBy(asked => timesIn(this._kernel(), shown, asked)) };
  }

  /** Measures the calls of a conversion's graph. */
  measure({ number }: Conversion): MeasureTimes {
    return measureBy(asked => timesIn(this._kernel(), number, asked));
  }

  async memory({ number }: Conversion): Promise<MemoryShown> {
    return this._known(await memoryIn(this._kernel(), number));
  }

  /** `name.tgm` or `name.onnx`, with a number where such a file is there. */
  private async _freeName(folder: string, name: string, form: FileForm): Promise<string> {
    const { content } = await this._wiring.contents.get(folder);
    const taken = new Set((content as Contents.IModel[]).map(item => item.name));
    let file = `${name}.${form}`;
    for (let number = 2; taken.has(file); number++) {
      file = `${name}-${number}.${form}`;
    }
    return file;
  }

  private _known<T>(made: T | null): T {
    if (made === null) {
      throw new Error(this._wiring.trans.__('The kernel was restarted: run the cells again.'));
    }
    return made;
  }

  private _ran(well: boolean): void {
    if (!well) {
      const { trans } = this._wiring;
      throw new Error(trans.__('The cell ended in an error: its output tells more.'));
    }
  }

  private _open(): NotebookPanel {
    if (this._panel.isDisposed) {
      throw new Error(this._wiring.trans.__('The notebook was closed.'));
    }
    return this._panel;
  }

  private _kernel(): Kernel.IKernelConnection {
    const kernel = this._open().sessionContext.session?.kernel;
    if (!kernel) {
      throw new Error(this._wiring.trans.__('The notebook has no running kernel.'));
    }
    return kernel;
  }
}
