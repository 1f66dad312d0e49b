/** Documents to try the view with: a chain of layers trained for one step, of any length. */

import type { MemoryDocument } from '../api/documents.ts';
import { encodeColumn } from './columns.ts';

type Kind = MemoryDocument['kind'];

const KINDS: MemoryDocument['kinds'] = [
  'parameter',
  'gradient',
  'activation',
  'optimizer',
  'workspace',
  'data'
];
const BATCH = 8;
const SAMPLE = 4096;
const WEIGHT = 16384;
const DISTINCT = 1000;

interface Block {
  bytes: number;
  birth: number;
  death: number;
  kind: number;
  origin: number;
  tensor: number;
  perSample: number;
}

/**
 * One training step of `layers` layers: forward, backward, update.
 *
 * dynamic keeps two activations a layer, static one, recompute every fourth layer's and makes the
 * others again. `layers` 1000 give about 6000 blocks.
 */
export function trainingStep(layers: number, kind: Kind = 'dynamic'): MemoryDocument {
  const blocks: Block[] = [];
  const tensors = [''];
  const origins: MemoryDocument['origins'] = [{ op: 'data' }];
  const forward = 2;
  const ticks = kind === 'recompute' ? 3 : 2;
  const backward = forward + 2 * layers;
  const update = backward + ticks * layers;
  const stop = update + layers + 1;
  const activation = BATCH * SAMPLE;
  const add = (
    bytes: number,
    birth: number,
    death: number,
    family: MemoryDocument['kinds'][number],
    origin: number,
    tensor = 0
  ): void => {
    const grows = family === 'activation' || family === 'data' || family === 'workspace';
    const perSample = grows ? bytes / BATCH : 0;
    blocks.push({ bytes, birth, death, kind: KINDS.indexOf(family), origin, tensor, perSample });
  };
  add(activation, 0, stop, 'data', 0);
  for (let layer = 0; layer < layers; layer++) {
    // Deep networks run the same lines again and again.
    const name = (layer % DISTINCT) + 1;
    const origin = 2 * name - 1;
    if (layer < DISTINCT) {
      const module = `stage${Math.floor(layer / 8)}.${layer % 8}`;
      const source = { file: 'model.py', line: 10 + (layer % 8), text: 'x = F.relu(self.fc(x))' };
      origins.push({ op: 'linear', module, source }, { op: 'gradient of linear', module, source });
      tensors.push(`${module}.weight`);
    }
    add(WEIGHT, 0, stop, 'parameter', origin, name);
    add(WEIGHT, 0, stop, 'optimizer', origin, name);
    const born = forward + 2 * layer;
    const back = backward + ticks * (layers - 1 - layer);
    const kept = kind !== 'recompute' || layer % 4 === 0;
    add(activation, born, kept ? back + ticks : born + 3, 'activation', origin);
    if (kind === 'dynamic') {
      add(activation, born + 1, back + 2, 'activation', origin);
    }
    if (!kept) {
      add(activation, back, back + ticks, 'activation', origin);
    }
    add(4096, back + ticks - 1, back + ticks, 'workspace', origin + 1);
    add(WEIGHT, back + ticks - 1, update + layer, 'gradient', origin + 1, name);
  }
  const marks = [
    { time: forward, name: 'forward' },
    { time: backward, name: 'backward' },
    { time: update, name: 'optimizer' }
  ];
  const column = (pick: (block: Block) => number): ReturnType<typeof encodeColumn> =>
    encodeColumn(Float64Array.from(blocks, pick));
  return {
    name: `${layers} layers`,
    kind,
    device: 'cpu0',
    unit: kind === 'dynamic' ? 'event' : 'node',
    start: 0,
    stop,
    capacity: 24e9,
    batch: BATCH,
    ms: layers * (kind === 'static' ? 0.2 : kind === 'recompute' ? 0.26 : 0.4),
    measured: true,
    peak: { bytes: 0, time: 0, holders: [] },
    kinds: KINDS,
    origins,
    tensors,
    shapes: [''],
    blocks: {
      count: blocks.length,
      bytes: column(block => block.bytes),
      address: encodeColumn(addresses(blocks)),
      birth: column(block => block.birth),
      death: column(block => block.death),
      kind: column(block => block.kind),
      origin: column(block => block.origin),
      tensor: column(block => block.tensor),
      shape: column(() => 0),
      per_sample: column(block => block.perSample)
    },
    marks
  };
}

/** Places for blocks as an allocator gives them that keeps a list of free places a size. */
function addresses(blocks: readonly Block[]): Float64Array {
  const events = blocks.flatMap((block, row) => [
    { time: block.birth, row, made: true },
    { time: block.death, row, made: false }
  ]);
  events.sort((a, b) => a.time - b.time || Number(a.made) - Number(b.made));
  const places = new Float64Array(blocks.length);
  const free = new Map<number, number[]>();
  let top = 0;
  for (const { row, made } of events) {
    const bytes = blocks[row]?.bytes ?? 0;
    const list = free.get(bytes) ?? [];
    free.set(bytes, list);
    if (!made) {
      list.push(places[row] as number);
      continue;
    }
    const place = list.pop();
    places[row] = place ?? top;
    top += place === undefined ? bytes : 0;
  }
  return places;
}
