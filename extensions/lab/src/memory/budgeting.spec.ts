import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BudgetPoint } from '../api/documents.ts';
import { Budgeting } from './budgeting.ts';

function point(budget: number, ms: number): BudgetPoint {
  return { budget, peak: budget, ms, measured: true };
}

test('a measured point joins the curve; a cancelled one does not; a failure is told', async () => {
  const runs: [(point: BudgetPoint) => void, (reason: Error) => void][] = [];
  const budgeting = new Budgeting(
    () => new Promise((...run) => runs.push(run)),
    () => undefined
  );
  budgeting.show({ points: [point(100, 30), point(200, 20)], chosen: null });
  await budgeting.measure();
  assert.equal(runs.length, 0, 'no budget is chosen');
  budgeting.choose(150);
  const first = budgeting.measure();
  assert.equal(budgeting.measuring, 150);
  runs[0]?.[0](point(150, 24));
  await first;
  assert.equal(budgeting.curve?.points.length, 3);
  const second = budgeting.measure();
  budgeting.cancel();
  runs[1]?.[0](point(150, 24));
  await second;
  assert.equal(budgeting.curve?.points.length, 3);
  const third = budgeting.measure();
  runs[2]?.[1](new Error('out of memory'));
  await third;
  assert.match(String(budgeting.failure), /out of memory/);
  assert.equal(budgeting.measuring, null);
});
