// Written by scripts/api_types.py from the server's schemas; do not edit.

/** A conversion in the notebook's process; `done` runs from 0 to 1, `code` does the same. */
export interface Conversion {
  version: number;
  number: number;
  name: string;
  samples: string[];
  state: 'done' | 'failed' | 'running' | 'stopped';
  stage: string;
  done: number;
  error: ConversionError | null;
  report: ConversionReport | null;
  code: string;
}

/** A root cause that keeps Python in the call; `fix` says what to change. */
export interface ConversionBlocker {
  cause: string;
  about: string;
  file: string;
  line: number;
  text: string;
  count: number;
  cost_ms: number;
  fix: string;
  patch: ConversionPatch | null;
}

/** An exception of the user's code. */
export interface ConversionError {
  name: string;
  message: string;
  traceback: string[];
}

/** What running something else showed; `ok` false: skipping Python would answer stale. */
export interface ConversionFinding {
  what: string;
  ok: boolean;
  note: string;
  file: string;
  line: number;
}

/** Lines `first` to `last` (from 1) of a file or cell as they stand and as they could. */
export interface ConversionPatch {
  file: string;
  first: number;
  last: number;
  before: string;
  after: string;
}

/** The account of a conversion. */
export interface ConversionReport {
  version: number;
  name: string;
  verdict: string;
  ok: boolean;
  replay: 'checked' | 'frozen';
  segments: number;
  operators: number;
  specialisations: number;
  batch: '' | 'any' | 'each';
  batch_note: string;
  batch_file: string;
  batch_line: number;
  runs: number;
  compile_seconds: number;
  parity: ParityRow[];
  costs: CostRow[];
  blockers: ConversionBlocker[];
  findings: ConversionFinding[];
  passes: string[];
  notes: string[];
  cancelled: boolean;
}

/** A module or function of the notebook that can be converted. */
export interface ConversionTarget {
  name: string;
  kind: 'function' | 'module' | 'step';
  text: string;
  file: string;
  line: number;
  static: boolean;
  samples: SampleOffer[];
}

/** What the notebook holds that can be converted. */
export interface ConversionTargets {
  version: number;
  targets: ConversionTarget[];
}

/** A figure before and after, in milliseconds ("ms") or bytes ("bytes"). */
export interface CostRow {
  what: string;
  unit: 'bytes' | 'ms';
  before: number;
  after: number;
}

/** A comparison of static with dynamic results, relative to the largest value. */
export interface ParityRow {
  what: string;
  difference: number | null;
  tolerance: number | null;
  reference: number | null;
  agrees: boolean;
}

/** An argument and the expression to try it on, "" where it has to be asked for. */
export interface SampleOffer {
  argument: string;
  expression: string;
  text: string;
}

/** A graph with what is known about it. `form` is "dynamic", "static", "file" or "". */
export interface GraphDocument {
  version: 1;
  name: string;
  nodes: GraphNode[];
  inputs?: GraphTensor[];
  outputs?: string[];
  state?: GraphSlot[];
  groups?: GraphGroup[];
  passes?: GraphPass[];
  totals?: GraphTotals;
  form?: string;
  device?: string;
  note?: string;
}

/** What is known of a module path beyond the nodes in it; a group may be left out. */
export interface GraphGroup {
  path: string;
  kind?: string;
  source?: Source | null;
  note?: string;
}

/** One call of an operator. Absent figures are null: 0 means measured or counted as 0. */
export interface GraphNode {
  id: string;
  op: string;
  inputs?: (string | null)[];
  outputs?: GraphTensor[];
  group?: string;
  name?: string;
  attrs?: Record<string, null | boolean | number | string | (number | string)[]>;
  source?: Source | null;
  flops?: number | null;
  bytes?: number | null;
  ms?: number | null;
  phase?: string;
  note?: string;
}

/** A compiler pass that ran: `summary` for people, `counts` of what it did by name. */
export interface GraphPass {
  name: string;
  summary?: string;
  counts?: Record<string, number>;
  ms?: number | null;
  before?: GraphPatch | null;
}

/** The way from one graph to another: take `remove` out (node ids), then put `add` in. */
export interface GraphPatch {
  remove?: string[];
  add?: GraphNode[];
  outputs?: string[] | null;
  state?: GraphSlot[] | null;
}

/** State that outlives a run: read as tensor `id` at its start. */
export interface GraphSlot {
  id: string;
  name: string;
  kind: string;
  shape: (number | string | null)[];
  dtype: string;
  layout?: string;
  bytes?: number;
  written?: string | null;
}

/** A value between nodes. A dimension is a number, a name ("N"), or null where unknown. */
export interface GraphTensor {
  id: string;
  shape: (number | string | null)[];
  dtype: string;
  layout?: string;
  bytes?: number;
  name?: string;
}

/** Figures of the whole graph; null where unknown. `parameters` counts numbers, not tensors. */
export interface GraphTotals {
  flops?: number | null;
  bytes?: number | null;
  ms?: number | null;
  parameters?: number | null;
  parameter_bytes?: number | null;
  peak_bytes?: number | null;
}

/** One number a block in each column; -1 is no bytes, and 0 in `tensor` is no name. */
export interface Blocks {
  count: number;
  bytes: Column;
  address: Column;
  birth: Column;
  death: Column;
  kind: Column;
  origin: Column;
  tensor: Column;
  shape: Column;
  per_sample?: Column | null;
}

/** How speed is paid for memory; `chosen` is the budget in force, None for no budget. */
export interface BudgetCurve {
  version?: 1;
  points: BudgetPoint[];
  chosen?: number | null;
}

/** The time and the peak of one run under a budget, or a model's word on them. */
export interface BudgetPoint {
  budget: number;
  peak: number;
  ms: number;
  measured: boolean;
}

/** Numbers of one type, little-endian, as base64; "f64" holds whole numbers up to 2^53. */
export interface Column {
  type: 'f64' | 'u16' | 'u32' | 'u8';
  data: string;
}

/** Blocks of one module and kind that were held together. */
export interface Holder {
  module: string;
  kind: 'activation' | 'data' | 'gradient' | 'optimizer' | 'parameter' | 'workspace';
  bytes: number;
  blocks: number;
}

/** Blocks that a running kernel holds now, of one tensor or of one origin and shape. */
export interface LiveHolder {
  tensor: string;
  shape: string;
  kind: 'activation' | 'data' | 'gradient' | 'optimizer' | 'parameter' | 'workspace';
  origin: number;
  bytes: number;
  blocks: number;
}

/** What a running kernel's tensors hold at this moment, in bytes, the largest first. */
export interface LiveMemory {
  version?: 1;
  device: string;
  used: number;
  peak: number;
  reserved: number;
  capacity: number;
  origins: Origin[];
  holders: LiveHolder[];
}

/** A named moment, such as "forward"; equal names in two documents are the same moment. */
export interface Mark {
  time: number;
  name: string;
}

/** Who held which bytes of one device, from when to when, in one run or plan. */
export interface MemoryDocument {
  version?: 1;
  name: string;
  kind: 'dynamic' | 'recompute' | 'static';
  device: string;
  unit: 'event' | 'node' | 'ns';
  start: number;
  stop: number;
  capacity?: number | null;
  budget?: number | null;
  batch?: number | null;
  ms?: number | null;
  measured?: boolean;
  peak: Peak;
  kinds: ('activation' | 'data' | 'gradient' | 'optimizer' | 'parameter' | 'workspace')[];
  origins: Origin[];
  tensors: string[];
  shapes: string[];
  blocks: Blocks;
  steps?: Steps | null;
  marks?: Mark[];
}

/** What made a block or ran at a time; `node` is its id in the graph document. */
export interface Origin {
  op: string;
  module?: string;
  source?: Source | null;
  node?: string | null;
}

/** The most bytes held at once, when that was first, and by whom, the largest first. */
export interface Peak {
  bytes: number;
  time: number;
  holders: Holder[];
}

/** What ran when, by rising time: its origin, and when it began in nanoseconds, if measured. */
export interface Steps {
  count: number;
  time: Column;
  origin: Column;
  ns?: Column | null;
}

/** A line of the user's code; `line` counts from 1. */
export interface Source {
  file: string;
  line: number;
  cell?: string | null;
  text?: string;
}

/** What would fit where a call did not; `others` is what the notebook holds besides it. */
export interface Advice {
  version?: 1;
  number: number;
  target: string;
  batch: number | null;
  bytes: number | null;
  others: number;
  capacity: number;
  ways: Way[];
  reason?: string;
}

/** How a kernel died, each time that it did, the newest first. */
export interface DeathPage {
  items: KernelDeath[];
  next?: string | null;
}

/** How a kernel ended without being asked to, as far as the system can tell; sizes in bytes. */
export interface KernelDeath {
  version?: 1;
  kind?: 'kernel';
  id: string;
  time: string;
  cause: 'exit' | 'memory' | 'signal';
  certain?: boolean;
  signal?: string | null;
  status?: number | null;
  peak?: number | null;
  limit?: number | null;
  limit_kind?: 'address space' | 'control group' | 'machine' | null;
  held?: number | null;
  capacity?: number | null;
  cell?: string | null;
  ran?: number | null;
  stack?: Source[];
  exact?: boolean;
  age?: number | null;
}

/** A request for memory that did not fit, and who held what was there; sizes in bytes. */
export interface MemoryTrouble {
  version?: 1;
  kind?: 'memory';
  number: number;
  device: string;
  asked: number;
  used: number;
  capacity: number;
  where: Source[];
  origins: Origin[];
  holders: LiveHolder[];
}

/** One way to make a call fit, with what is predicted of it. */
export interface Way {
  kind: 'batch' | 'free' | 'recompute' | 'static';
  fits: boolean;
  bytes?: number | null;
  seconds?: number | null;
  batch?: number | null;
  name?: string;
  code?: string;
  above?: boolean;
  reason?: string;
}
