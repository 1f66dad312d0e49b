import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gpu, GpuPage } from '../api/types.ts';
import { GpuModel, type GpuServer, users } from './model.ts';

const gpu: Gpu = {
  name: 'A card',
  used: 700,
  total: 1000,
  percent: 40,
  holders: [
    { pid: 1, kernel: null, bytes: 100, percent: null },
    { pid: 2, kernel: 'small', bytes: null, percent: null },
    { pid: 3, kernel: 'large', bytes: 500, percent: 40 },
    { pid: 4, kernel: null, bytes: 100, percent: 1 }
  ]
};

function server(pages: (GpuPage | Error)[]): GpuServer & { asked: number; parked: string[] } {
  const found = {
    asked: 0,
    parked: [] as string[],
    list: async () => {
      const page = pages[Math.min(found.asked++, pages.length - 1)];
      if (page instanceof Error || !page) {
        throw page;
      }
      return page;
    },
    park: async (kernel: string) => {
      found.parked.push(kernel);
      if (kernel === 'busy') {
        throw new Error('The kernel is running a cell.');
      }
      return { bytes: 500 };
    }
  };
  return found;
}

const page = (...items: Gpu[]): GpuPage => ({ items, reason: '', next: null });

test('a machine without a GPU is asked once', async () => {
  const asked = server([page()]);
  const model = new GpuModel(asked);
  await model.refresh();
  await model.refresh();
  assert.deepEqual([asked.asked, model.absent, model.gpus.length], [1, true, 0]);
});

test('questions at once are one, and what was told outlives a lost connection', async () => {
  const asked = server([page(gpu), new Error('gone'), page({ ...gpu, used: 1 })]);
  const model = new GpuModel(asked);
  await Promise.all([model.refresh(), model.refresh()]);
  assert.equal(asked.asked, 1);
  await model.refresh();
  assert.deepEqual([model.gpus[0]?.used, model.absent], [700, false]);
  await model.refresh();
  assert.equal(model.gpus[0]?.used, 1);
});

test('a kernel makes room once, and the GPUs are looked at again', async () => {
  const asked = server([page(gpu)]);
  const model = new GpuModel(asked);
  const seen: boolean[] = [];
  model.changed.connect(() => seen.push(model.isParking('large')));
  await Promise.all([model.park('large'), model.park('large')]);
  assert.deepEqual([asked.parked, asked.asked], [['large'], 1]);
  assert.deepEqual(seen, [true, false, false]);
  assert.deepEqual(model.parked, { kernel: 'large', bytes: 500 });
  await model.park('busy');
  const ended = model.parked;
  assert.ok(ended && 'error' in ended && String(ended.error).includes('running a cell'));
  assert.equal(model.isParking('busy'), false);
});

test('kernels are told apart from other programs', () => {
  const { kernels, others } = users(gpu);
  assert.deepEqual(
    kernels.map(({ kernel }) => kernel),
    ['large', 'small']
  );
  assert.equal(others, 200);
});
