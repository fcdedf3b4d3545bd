import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asText, isObject, type Json, readJson } from '../../../src/protocols/cas/json.ts';

function value(document: string): Json {
  const reading = readJson(document);
  assert.equal(reading.kind, 'document', reading.kind === 'unreadable' ? reading.reason : '');
  return (reading as { value: Json }).value;
}

test('objects become maps and everything else what it is', () => {
  assert.deepEqual(
    value(' {"a": ["x\\n\\u00e9", true, false, null], "b": {}} '),
    new Map<string, Json>([
      ['a', ['x\né', true, false, null]],
      ['b', new Map()],
    ]),
  );
});

test('numbers keep their digits', () => {
  for (const digits of ['12345678901234567890', '1.10', '1e5', '-0', '1635172773.733528']) {
    assert.equal(asText(value(digits)), digits);
  }
});

test('a key given twice is refused, however it is written and wherever it stands', () => {
  for (const document of ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[{"b":{"a":1,"a":2}}]']) {
    assert.deepEqual(readJson(document), { kind: 'unreadable', reason: 'key given twice' });
  }
});

test('the same key in two objects is no repetition', () => {
  assert.ok(isObject(value('{"a":{"a":1},"b":{"a":1}}')));
});

test('__proto__ is a key', () => {
  const object = value('{"__proto__":{"a":1},"constructor":2}');
  assert.deepEqual(isObject(object) && [...object.keys()], ['__proto__', 'constructor']);
});

test('what is not JSON is refused, and so is nesting without end', () => {
  for (const document of ['', '{', '{"a":}', "{'a':1}", '{"a":1,}', '{} {}', '01', 'NaN', '[1']) {
    assert.equal(readJson(document).kind, 'unreadable');
  }
  assert.equal(readJson(`${'['.repeat(10_000)}${']'.repeat(10_000)}`).kind, 'unreadable');
});

test('text with brackets, quotation marks and backslashes in it is only text', () => {
  const text = '[{"a":"b\\\\"},null,1]\\';
  assert.deepEqual(value(JSON.stringify([text])), [text]);
});

test('lists and objects inside a value are written as JSON', () => {
  assert.equal(asText(value('{"a":[1,"x",{"b":null}]}')), '{"a":[1,"x",{"b":null}]}');
});
