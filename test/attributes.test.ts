import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '../machines/vocabulary.ts';
import { type AttributeRule, mapAttributes, matchesRule, rolesOf } from '../src/attributes.ts';

/** True if two types are the same, so that the compiler refuses a test whose types have changed. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const alice: Attributes = {
  eduPersonAffiliation: ['student', 'member'],
  mail: ['alice@example.edu'],
  departmentNumber: ['042'],
  empty: [],
  blank: [''],
};

function matches(rule: AttributeRule, attributes: Attributes = alice): Promise<boolean> {
  return matchesRule(attributes, rule);
}

/** An object with an own property of any name, also of one that a literal would take for something else. */
function record<T>(name: string, value: T): { readonly [name: string]: T } {
  return Object.fromEntries([[name, value]]);
}

test('a text fits if one of the values is that text', async () => {
  assert.equal(await matches({ eduPersonAffiliation: 'member' }), true);
  assert.equal(await matches({ eduPersonAffiliation: 'staff' }), false);
});

test('a text is compared as a whole, letter for letter', async () => {
  for (const wanted of ['stud', 'tudent', 'Student', 'student ', 'student,member', 'students']) {
    assert.equal(await matches({ eduPersonAffiliation: wanted }), false, wanted);
  }
  assert.equal(await matches({ affiliation: 'staff' }, { affiliation: ['nonstaff'] }), false);
});

test('of several texts one is enough', async () => {
  assert.equal(await matches({ eduPersonAffiliation: ['staff', 'student'] }), true);
  assert.equal(await matches({ eduPersonAffiliation: ['staff', 'alum'] }), false);
});

test('every attribute of an object must fit', async () => {
  assert.equal(await matches({ eduPersonAffiliation: 'student', mail: /@example\.edu$/ }), true);
  assert.equal(await matches({ eduPersonAffiliation: 'student', mail: /@example\.org$/ }), false);
  assert.equal(await matches({ eduPersonAffiliation: 'staff', mail: /@example\.edu$/ }), false);
});

test('of several objects one is enough', async () => {
  assert.equal(await matches([{ eduPersonAffiliation: 'staff' }, { mail: 'alice@example.edu' }]), true);
  assert.equal(await matches([{ eduPersonAffiliation: 'staff' }, { mail: 'bob@example.edu' }]), false);
});

test('a pattern fits if it matches one of the values', async () => {
  assert.equal(await matches({ mail: /^alice@/ }), true);
  assert.equal(await matches({ eduPersonAffiliation: /^mem/ }), true);
  assert.equal(await matches({ mail: /^bob@/ }), false);
});

test('a pattern does not match across two values', async () => {
  assert.equal(await matches({ eduPersonAffiliation: /student.*member/s }), false);
});

test('a pattern keeps its flags', async () => {
  assert.equal(await matches({ mail: /^ALICE@/i }), true);
  assert.equal(await matches({ mail: /^ALICE@/ }), false);
});

for (const flag of ['g', 'y', 'gy']) {
  test(`a pattern with the flag ${flag} lets the same person pass every time`, async () => {
    const rule = { mail: new RegExp('alice@example', flag) };
    assert.deepEqual([await matches(rule), await matches(rule), await matches(rule)], [true, true, true]);
  });
}

test('a sticky pattern fits at the start of a value only, as it does everywhere', async () => {
  const attributes = { affiliation: ['nonstaff'] };
  assert.equal(await matches({ affiliation: /staff/y }, attributes), false);
  assert.equal(await matches({ affiliation: /non/y }, attributes), true);
});

test('a pattern of the application is not changed by being used', async () => {
  const pattern = /alice/g;
  await matches({ mail: pattern });
  assert.equal(pattern.lastIndex, 0);
});

for (const [what, rule] of [
  ['that is an empty list', []],
  ['that is an empty object', {}],
  ['that is a list of an empty object', [{}]],
  ['that wants one of no texts', { mail: [] }],
  ['that wants an empty text', { blank: '' }],
  ['that wants one of several empty texts', { blank: ['', ''] }],
] as const) {
  test(`a rule ${what} lets nobody pass`, async () => assert.equal(await matches(rule), false));
}

test('an empty object in a list lets nobody pass beside others that do not fit', async () => {
  assert.equal(await matches([{}, { mail: 'bob@example.edu' }]), false);
  assert.equal(await matches([{}, { mail: 'alice@example.edu' }]), true);
});

test('an attribute that is missing or has no values does not fit, not even a pattern for anything', async () => {
  assert.equal(await matches({ unknown: /.*/ }), false);
  assert.equal(await matches({ empty: /.*/ }), false);
});

for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
  test(`${name} is not an attribute that everybody has`, async () => {
    assert.equal(await matches(record(name, /.*/)), false);
    assert.deepEqual(rolesOf({ attributes: alice }, name), []);
    assert.equal(Object.entries(mapAttributes(alice, record(name, 'text' as const)))[0]?.[1], null);
  });

  test(`${name} is an attribute like others for somebody who has it`, async () => {
    const attributes = record(name, ['staff']);
    assert.equal(await matches(record(name, 'staff'), attributes), true);
    assert.equal(await matches(record(name, 'student'), attributes), false);
    assert.deepEqual(rolesOf({ attributes }, name), ['staff']);
    const fields = mapAttributes(attributes, record(name, 'text' as const));
    assert.deepEqual(Object.entries(fields), [[name, 'staff']]);
    assert.equal(Object.getPrototypeOf(fields), Object.prototype);
  });
}

test('a function sees the attributes and decides', async () => {
  const seen: Attributes[] = [];
  assert.equal(await matches((attributes) => seen.push(attributes) === 1), true);
  assert.deepEqual(seen, [alice]);
  assert.equal(await matches(() => false), false);
});

test('a function may take its time', async () => {
  assert.equal(await matches(async () => true), true);
  assert.equal(await matches(async () => false), false);
});

test('a function that does not say true in so many words lets nobody pass', async () => {
  for (const answer of [1, 'true', {}, [], undefined, null, Promise.resolve('yes')]) {
    assert.equal(await matches((() => answer) as unknown as () => boolean), false, String(answer));
  }
});

test('a function that fails lets nobody pass and its error is not lost', async () => {
  await assert.rejects(
    matches(() => {
      throw new Error('directory is down');
    }),
    /directory is down/,
  );
  await assert.rejects(
    matches(() => Promise.reject(new Error('directory is down'))),
    /directory is down/,
  );
});

test('roles are the values of all the attributes, in order, each once', () => {
  const attributes = { a: ['one', 'two'], b: ['two', 'three'], c: ['four'] };
  assert.deepEqual(rolesOf({ attributes }, ['b', 'a', 'missing']), ['two', 'three', 'one']);
  assert.deepEqual(rolesOf({ attributes }, 'a'), ['one', 'two']);
  assert.deepEqual(rolesOf({ attributes }, []), []);
});

test('a text is the first value, and null without any', () => {
  const fields = mapAttributes(alice, { mail: 'text', eduPersonAffiliation: 'text', missing: 'text', empty: 'text' });
  true satisfies Same<typeof fields.mail, string | null>;
  assert.deepEqual(fields, { mail: 'alice@example.edu', eduPersonAffiliation: 'student', missing: null, empty: null });
});

test('a text keeps its zeros and may be empty', () => {
  assert.deepEqual(mapAttributes(alice, { departmentNumber: 'text', blank: 'text' }), {
    departmentNumber: '042',
    blank: '',
  });
});

test('a list has all values, and none without any', () => {
  const fields = mapAttributes(alice, { eduPersonAffiliation: 'list', missing: 'list' });
  true satisfies Same<typeof fields.missing, readonly string[]>;
  assert.deepEqual(fields, { eduPersonAffiliation: ['student', 'member'], missing: [] });
});

for (const [text, expected] of [
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['1', true],
  ['yes', true],
  [' true ', true],
  ['false', false],
  ['False', false],
  ['0', false],
  ['no', false],
  ['', false],
  ['on', false],
  ['truest', false],
  ['not true', false],
  ['11', false],
] as const) {
  test(`the text "${text}" is ${expected} as a truth value`, () => {
    const fields = mapAttributes({ flag: [text] }, { flag: 'boolean' });
    true satisfies Same<typeof fields.flag, boolean>;
    assert.equal(fields.flag, expected);
  });
}

test('a truth value that is missing is false', () => {
  assert.deepEqual(mapAttributes(alice, { missing: 'boolean', empty: 'boolean' }), { missing: false, empty: false });
});

for (const [text, expected] of [
  ['42', 42],
  ['042', 42],
  ['-1.5', -1.5],
  [' 7 ', 7],
  ['0', 0],
  ['', null],
  [' ', null],
  ['seven', null],
  ['7 of 9', null],
  ['Infinity', null],
  ['NaN', null],
] as const) {
  test(`the text "${text}" is ${expected} as a number`, () => {
    const fields = mapAttributes({ size: [text] }, { size: 'number' });
    true satisfies Same<typeof fields.size, number | null>;
    assert.equal(fields.size, expected);
  });
}

test('a number that is missing is null', () => {
  assert.deepEqual(mapAttributes(alice, { missing: 'number' }), { missing: null });
});

test('a function reads all values and gives the field its type', () => {
  const fields = mapAttributes(alice, {
    eduPersonAffiliation: (values) => new Set(values),
    missing: (values) => values.length,
  });
  true satisfies Same<typeof fields.eduPersonAffiliation, Set<string>>;
  true satisfies Same<typeof fields.missing, number>;
  assert.deepEqual(fields, { eduPersonAffiliation: new Set(['student', 'member']), missing: 0 });
});

test('a field may have another name than its attribute', () => {
  const fields = mapAttributes(alice, {
    email: { from: 'mail', as: 'text' },
    affiliations: { from: 'eduPersonAffiliation', as: 'list' },
    isStudent: { from: 'eduPersonAffiliation', as: (values) => values.includes('student') },
  });
  true satisfies Same<typeof fields.email, string | null>;
  true satisfies Same<typeof fields.affiliations, readonly string[]>;
  true satisfies Same<typeof fields.isStudent, boolean>;
  assert.deepEqual(fields, { email: 'alice@example.edu', affiliations: ['student', 'member'], isStudent: true });
});

test('only the fields that are named are there', () => {
  const fields = mapAttributes(alice, { mail: 'text' });
  true satisfies Same<keyof typeof fields, 'mail'>;
  assert.deepEqual(Object.keys(fields), ['mail']);
});
