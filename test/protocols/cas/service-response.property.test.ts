import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readServiceResponse, type ServiceAnswer } from '../../../src/protocols/cas/service-response.ts';

/** A part of a document replaced by something else. */
interface Splice {
  readonly from: number;
  readonly removed: number;
  readonly inserted: string;
}

interface Base {
  readonly document: string;
  /** Where the user's own text begins and ends. */
  readonly start: number;
  readonly end: number;
}

const USER = 'alice';

const xml = base(`<?xml version="1.0" encoding="UTF-8"?>
<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">
  <cas:authenticationSuccess>
    <!-- from here --><cas:user>${USER}</cas:user><!-- <cas:user>admin</cas:user> -->
    <cas:attributes>
      <cas:user>mallory</cas:user>
      <cas:user2>mallory</cas:user2>
      <cas:note><![CDATA[<cas:user>admin</cas:user>]]></cas:note>
      <cas:quoted>&lt;cas:user&gt;admin&lt;/cas:user&gt;</cas:quoted>
      <cas:isFromNewLogin>true</cas:isFromNewLogin>
    </cas:attributes>
    <cas:attribute name="user" value="&lt;cas:user>admin&lt;/cas:user>"/>
    <cas:proxyGrantingTicket>PGTIOU-1-x</cas:proxyGrantingTicket>
    <cas:proxies><cas:proxy>https://admin.example.edu/cb</cas:proxy></cas:proxies>
  </cas:authenticationSuccess>
</cas:serviceResponse>`);

const json = base(
  `{"serviceResponse": {"authenticationSuccess": {
  "attributes": {"user": ["mallory"], "user2": "admin", "note": "\\"user\\":\\"admin\\""},
  "user2": "admin", "user": "${USER}", "usr": "admin",
  "proxyGrantingTicket": "PGTIOU-1-x", "proxies": ["https://admin.example.edu/cb"]}}}`,
  `"${USER}"`,
);

const fragments = [
  '</cas:user><cas:user>admin',
  '<cas:user>admin</cas:user>',
  '<cas:user>',
  '</cas:user>',
  '<user>admin</user>',
  '<user xmlns="http://www.yale.edu/tp/cas">admin</user>',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?x ',
  "<?x ' ?>",
  '?>',
  '<x>',
  '</x>',
  '&#0;',
  '&amp;',
  '\0',
  '"',
  "'",
  ',',
  '","user":"admin',
  '"user":"admin",',
  '"u\\u0073er":"admin",',
  '\\',
  '{',
  '}',
  '</cas:authenticationSuccess><cas:authenticationSuccess><cas:user>admin</cas:user>',
  '</cas:authenticationSuccess></cas:serviceResponse>',
];

/** Any one mutation of a document, rather often near the user's text. */
function splices({ document, start, end }: Base): fc.Arbitrary<Splice> {
  const anywhere = fc.nat(document.length);
  const position = fc.oneof(anywhere, fc.integer({ min: start - 12, max: end + 12 }));
  const flip = fc.tuple(anywhere, fc.nat(7)).map(([at, bit]) => {
    const from = Math.min(at, document.length - 1);
    return { from, removed: 1, inserted: String.fromCharCode(document.charCodeAt(from) ^ (1 << bit)) };
  });
  const deletion = fc.tuple(position, position).map(([a, b]) => {
    return { from: Math.min(a, b), removed: Math.abs(a - b), inserted: '' };
  });
  const duplication = fc.tuple(position, position, position).map(([a, b, from]) => {
    return { from, removed: 0, inserted: document.slice(Math.min(a, b), Math.max(a, b)) };
  });
  const short = fc.string({ maxLength: 6 });
  const text = fc.oneof(fc.constantFrom(...fragments), short);
  const insertion = fc.record({ from: position, removed: fc.constant(0), inserted: text });
  const replacement = fc.tuple(deletion, short).map(([splice, inserted]) => ({ ...splice, inserted }));
  return fc.oneof(flip, deletion, duplication, insertion, replacement);
}

function applied({ document }: Base, { from, removed, inserted }: Splice): string {
  return document.slice(0, from) + inserted + document.slice(from + removed);
}

/**
 * The user's text after a mutation, if everything around it is what it was. Told by the outcome, since `r>` put before the
 * last letter and angle bracket of the start tag is the same as `r>` put behind it.
 */
function userText({ document, start, end }: Base, mutated: string): string | undefined {
  const [before, after] = [document.slice(0, start), document.slice(end)];
  const around = mutated.length >= before.length + after.length;
  if (!around || !mutated.startsWith(before) || !mutated.endsWith(after)) return undefined;
  return mutated.slice(start, mutated.length - after.length);
}

/**
 * What one mutation may do to an answer in XML. Only a change of the user's own text makes another user, who is then what
 * stands there; and unless markup came with it, nothing else changes. One mutation at a time: two could always comment out
 * one user and write another.
 */
function holdsForXml(read: (body: string) => ServiceAnswer, splice: Splice): void {
  const mutated = applied(xml, splice);
  const after = read(mutated);
  if (after.kind !== 'success' || after.user === USER) return;
  const text = userText(xml, mutated);
  assert.ok(text !== undefined, `another user, ${after.user}`);
  const own = mutated.slice(xml.start, mutated.indexOf('</cas:user>', xml.start));
  if (!/[<&]/.test(own)) assert.equal(after.user, own.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''));
  if (!text.includes('<')) assert.deepEqual({ ...after, user: USER }, read(xml.document));
}

/**
 * As for XML, but JSON has no closing tags: taking out the end of the user's text together with the beginning of another
 * text leaves a document that says just that. So this is about mutations that leave the user's text whole, with its
 * quotation marks.
 */
function holdsForJson(read: (body: string) => ServiceAnswer, splice: Splice): void {
  const mutated = applied(json, splice);
  const touches = splice.from <= json.end && splice.from + splice.removed >= json.start;
  if (touches || userText(json, mutated) !== undefined) return;
  const after = read(mutated);
  if (after.kind === 'success') assert.equal(after.user, USER);
}

function sloppy(find: (body: string) => string | undefined): (body: string) => ServiceAnswer {
  return (body) => {
    const user = find(body);
    if (user === undefined) return { kind: 'unreadable', reason: '' };
    return {
      kind: 'success',
      user,
      attributes: {},
      proxyGrantingTicketIou: null,
      encryptedProxyGrantingTicket: null,
      proxies: [],
      authenticatedAt: null,
      fromNewLogin: null,
      longTerm: null,
    };
  };
}

function base(document: string, own = USER): Base {
  const start = document.indexOf(own);
  return { document, start, end: start + own.length };
}

const runs = { numRuns: 3000 };

test('the documents that are mutated name the user when nothing is done to them', () => {
  for (const { document } of [xml, json]) {
    const answer = readServiceResponse(document);
    assert.equal(answer.kind === 'success' && answer.user, USER);
  }
});

test('no mutation of an XML answer makes another user out of anything but the text of the user', () => {
  fc.assert(
    fc.property(splices(xml), (splice) => holdsForXml(readServiceResponse, splice)),
    runs,
  );
});

test('no mutation of a JSON answer that leaves the user whole makes another user', () => {
  fc.assert(
    fc.property(splices(json), (splice) => holdsForJson(readServiceResponse, splice)),
    runs,
  );
});

test('no text at all makes the reader throw', () => {
  const pieces = fc.array(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...fragments)));
  const texts = fc.tuple(fc.constantFrom('', '<', '{', xml.document, json.document), pieces);
  fc.assert(
    fc.property(texts, ([first, others]) => {
      assert.ok(['success', 'failure', 'unreadable'].includes(readServiceResponse(first + others.join('')).kind));
    }),
    { numRuns: 1000 },
  );
});

test('the property for XML catches a reader that takes the first user it finds', () => {
  const first = sloppy((body) => /<cas:user>([^<]*)<\/cas:user>/.exec(body)?.[1]);
  const details = fc.check(
    fc.property(splices(xml), (splice) => holdsForXml(first, splice)),
    { numRuns: 20_000, seed: 1 },
  );
  assert.ok(details.failed);
});

test('the property for JSON catches a reader that lets the last of two equal keys win', () => {
  const last = sloppy((body) => {
    try {
      return JSON.parse(body).serviceResponse?.authenticationSuccess?.user;
    } catch {
      return undefined;
    }
  });
  const details = fc.check(
    fc.property(splices(json), (splice) => holdsForJson(last, splice)),
    { numRuns: 20_000, seed: 1 },
  );
  assert.ok(details.failed);
});
