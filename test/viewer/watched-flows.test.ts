import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyCallbackMachine } from '../../machines/index.ts';
import type { DrawFlow } from '../../src/drawing.ts';
import { createWatchedFlows } from '../../src/viewer/watched-flows.ts';

const flows = [{ name: 'callback', machine: proxyCallbackMachine }];

function watched(load: () => Promise<DrawFlow>) {
  const warnings: string[] = [];
  const known = createWatchedFlows({ flows, load, warn: (message) => warnings.push(message) });
  const flow = known.get('callback');
  assert.ok(flow);
  return { flow, warnings };
}

test('a picture is drawn when it is first asked for, and once for all who ask', async () => {
  let drawn = 0;
  const { flow } = watched(async () => async () => {
    drawn += 1;
    return `picture ${drawn}`;
  });
  assert.equal(drawn, 0);
  assert.deepEqual(await Promise.all([flow.picture(), flow.picture()]), ['picture 1', 'picture 1']);
  assert.equal(await flow.picture(), 'picture 1');
});

test('without Graphviz there are no pictures, and one warning that says what is missing', async () => {
  const { flow, warnings } = watched(() =>
    Promise.reject(Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })),
  );
  assert.equal(await flow.picture(), null);
  assert.equal(await flow.picture(), null);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /ERR_MODULE_NOT_FOUND.*npm install @viz-js\/viz/);
});

test('a flow that cannot be drawn is a warning and no error', async () => {
  const { flow, warnings } = watched(async () => async () => {
    throw new RangeError('memory access out of bounds');
  });
  assert.equal(await flow.picture(), null);
  assert.deepEqual(warnings, ['The flow callback could not be drawn: RangeError.']);
});
