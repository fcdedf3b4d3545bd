import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '../../../machines/vocabulary.ts';
import { readServiceResponse } from '../../../src/protocols/cas/service-response.ts';

function answer(inside: string, beside = '') {
  const attributes = inside === '' ? '' : `<cas:attributes>${inside}</cas:attributes>`;
  return readServiceResponse(
    `<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess><cas:user>u</cas:user>${attributes}${beside}</cas:authenticationSuccess></cas:serviceResponse>`,
  );
}

function read(inside: string, beside = ''): Attributes {
  const found = answer(inside, beside);
  assert.equal(found.kind, 'success', JSON.stringify(found));
  return (found as { attributes: Attributes }).attributes;
}

function readJson(attributes: string): Attributes {
  const found = readServiceResponse(
    `{"serviceResponse":{"authenticationSuccess":{"user":"u","attributes":${attributes}}}}`,
  );
  assert.equal(found.kind, 'success', JSON.stringify(found));
  return (found as { attributes: Attributes }).attributes;
}

test('elements inside attributes, repeated for many values (Jasig)', () => {
  assert.deepEqual(read('<cas:g>x</cas:g><cas:m>1</cas:m><cas:g>y</cas:g><cas:e/>'), {
    g: ['x', 'y'],
    m: ['1'],
    e: [''],
  });
});

test('elements beside the user, with or without a prefix (RubyCAS)', () => {
  assert.deepEqual(read('', '<cas:g>x</cas:g><g>y</g>'), { g: ['x', 'y'] });
});

test('YAML lists and scalars beside the user are understood (RubyCAS)', () => {
  assert.deepEqual(
    read(
      '',
      '<a><![CDATA[---\n- staff\n- faculty\n]]></a><b><![CDATA[--- 2015-02-26 Z]]></b><c><![CDATA[--- plain\n]]></c>',
    ),
    { a: ['staff', 'faculty'], b: ['2015-02-26 Z'], c: ['plain'] },
  );
});

test('YAML that is more than plain text stays as it was sent, and inside attributes nothing is taken for YAML', () => {
  const values = ['--- "quoted"', '---\n- a\n- "b"', '---\na: b\nc: d', '---', '--- !ruby/object:X', '--- a # b'];
  for (const value of values) {
    assert.deepEqual(read('', `<a><![CDATA[${value}]]></a>`), { a: [value] });
    assert.deepEqual(read(`<a><![CDATA[--- ${value}]]></a>`), { a: [`--- ${value}`] });
  }
});

for (const [shape, element] of [
  ['name and value as XML attributes (Name-Value)', '<cas:attribute name="n" value="v"/>'],
  ['name as XML attribute and the value as text', '<cas:attribute name="n">v</cas:attribute>'],
  ['name and value as child elements', '<cas:attribute><cas:name>n</cas:name><cas:value>v</cas:value></cas:attribute>'],
] as const) {
  test(`${shape}, beside the user, inside attributes and inside userAttributes`, () => {
    assert.deepEqual(read('', element), { n: ['v'] });
    assert.deepEqual(read(element), { n: ['v'] });
    assert.deepEqual(read(`<cas:userAttributes>${element}${element}</cas:userAttributes>`), { n: ['v', 'v'] });
  });
}

test('one name with several values', () => {
  const element =
    '<cas:attribute><cas:name>n</cas:name><cas:value>v</cas:value><cas:value>w</cas:value></cas:attribute>';
  assert.deepEqual(read(element), { n: ['v', 'w'] });
});

test('elements inside a wrapper of any name', () => {
  assert.deepEqual(read('<cas:userAttributes><cas:a>1</cas:a></cas:userAttributes>'), { a: ['1'] });
  assert.deepEqual(read('<n:person xmlns:n="urn:n"><n:a>1</n:a><n:b>2</n:b></n:person>'), { a: ['1'], b: ['2'] });
  assert.deepEqual(read('<cas:userAttributes/>'), {});
});

test('a list printed as text stays text', () => {
  assert.deepEqual(read("<cas:a>[x, y]</cas:a><cas:b>['x','y']</cas:b>"), { a: ['[x, y]'], b: ["['x','y']"] });
});

test('what is said in two shapes at once is said once', () => {
  assert.deepEqual(
    read(
      '<cas:g>x</cas:g><cas:g>y</cas:g><cas:m>1</cas:m>',
      '<cas:attribute name="g" value="x"/><cas:attribute name="g" value="y"/><cas:attribute name="m" value="1"/><cas:attribute name="o" value="2"/>',
    ),
    { g: ['x', 'y'], m: ['1'], o: ['2'] },
  );
});

test('JSON values of every type become lists of texts', () => {
  assert.deepEqual(
    readJson(
      '{"a":["x","y"],"b":"x","c":[true],"d":false,"e":123,"f":12345678901234567890,"g":null,"h":[],"i":[null,"x"]}',
    ),
    {
      a: ['x', 'y'],
      b: ['x'],
      c: ['true'],
      d: ['false'],
      e: ['123'],
      f: ['12345678901234567890'],
      g: [],
      h: [],
      i: ['x'],
    },
  );
  assert.deepEqual(readJson('{"address":{"city":"X"},"list":[[1]]}'), { address: ['{"city":"X"}'], list: ['[1]'] });
});

test('JSON members beside the user are attributes as well', () => {
  const found = readServiceResponse('{"serviceResponse":{"authenticationSuccess":{"user":"u","mail":"m"}}}');
  assert.deepEqual(found.kind === 'success' && found.attributes, { mail: ['m'] });
});

test('a default namespace without a prefix is understood', () => {
  const found = readServiceResponse(
    '<serviceResponse xmlns="http://www.yale.edu/tp/cas"><authenticationSuccess><user>u</user><attributes><a>1</a></attributes></authenticationSuccess></serviceResponse>',
  );
  assert.deepEqual(found.kind === 'success' && found.attributes, { a: ['1'] });
});

for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'user', 'proxies']) {
  test(`an attribute called ${name} is an ordinary key, before and after JSON`, () => {
    for (const attributes of [
      read(`<cas:${name}>x</cas:${name}>`),
      read(`<cas:attribute name="${name}" value="x"/>`),
      read('', `<cas:attribute name="${name}" value="x"/>`),
      readJson(`{"${name}":["x"]}`),
    ]) {
      for (const each of [attributes, JSON.parse(JSON.stringify(attributes)) as Attributes]) {
        assert.deepEqual(Object.entries(each), [[name, ['x']]]);
        assert.deepEqual(each[name], ['x']);
        assert.equal(Object.getPrototypeOf(each), Object.prototype);
      }
    }
    assert.equal(({} as Record<string, unknown>).x, undefined);
  });
}

test('an attribute with markup beside its text is refused', () => {
  for (const inside of [
    '<cas:a>x<b>y</b></cas:a>',
    '<cas:attribute name="n"><b>y</b></cas:attribute>',
    '<cas:attribute name="n" value="v">w</cas:attribute>',
    '<cas:attribute><cas:name>n</cas:name><cas:name>m</cas:name><cas:value>v</cas:value></cas:attribute>',
    '<cas:attribute><cas:value>v</cas:value></cas:attribute>',
    '<cas:attribute name=" " value="v"/>',
    'text',
  ]) {
    assert.equal(answer(inside).kind, 'unreadable', inside);
  }
});

test('two lists of attributes are refused', () => {
  assert.equal(answer('<cas:a>1</cas:a>', '<cas:attributes/>').kind, 'unreadable');
});

test('standard attributes that contradict themselves count as not told', () => {
  const found = answer(
    '<cas:isFromNewLogin>true</cas:isFromNewLogin><cas:isFromNewLogin>false</cas:isFromNewLogin>',
    '<cas:attribute name="longTermAuthenticationRequestTokenUsed" value="True"/>',
  );
  assert.equal(found.kind === 'success' && found.fromNewLogin, null);
  assert.equal(found.kind === 'success' && found.longTerm, true);
});
