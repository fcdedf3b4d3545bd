import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readValidateResponse } from '../../../src/protocols/cas/validate-response.ts';

for (const body of ['yes\nalice\n', 'yes\nalice', 'yes\r\nalice\r\n', 'yes\nalice\n\n', 'yes\n alice \n']) {
  test(`${JSON.stringify(body)} is alice`, () => {
    assert.deepEqual(readValidateResponse(body), { kind: 'success', user: 'alice' });
  });
}

for (const body of ['no\n', 'no\n\n', 'no', 'no\r\n\r\n', 'no\nalice\n']) {
  test(`${JSON.stringify(body)} is a failure`, () => {
    assert.equal(readValidateResponse(body).kind, 'failure');
  });
}

for (const body of [
  '',
  'yes',
  'yes\n',
  'yes\n\n',
  'yes\n \n',
  'yes\n\nalice\n',
  'yes\nalice\nadmin\n',
  'yesterday\nalice\n',
  'yes \nalice\n',
  ' yes\nalice\n',
  'YES\nalice\n',
  '\uFEFFyes\nalice\n',
  'yes\ral\nice',
  'yes\nad\0min\n',
  'yes\nad\tmin\n',
  '<html>yes\nalice</html>',
  'noyes\nalice\n',
]) {
  test(`${JSON.stringify(body)} is unreadable`, () => {
    assert.equal(readValidateResponse(body).kind, 'unreadable');
  });
}
