import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readServiceResponse, type SuccessAnswer } from '../../../src/protocols/cas/service-response.ts';
import { alice, CAS, json, xml, xmlSuccess } from './documents.ts';

function success(body: string): SuccessAnswer {
  const answer = readServiceResponse(body);
  assert.equal(answer.kind, 'success', JSON.stringify(answer));
  return answer as SuccessAnswer;
}

function unreadable(body: string): string {
  const answer = readServiceResponse(body);
  assert.equal(answer.kind, 'unreadable', JSON.stringify(answer));
  return (answer as { reason: string }).reason;
}

test('a success carries the user, and null where the server told nothing', () => {
  assert.deepEqual(readServiceResponse(xmlSuccess(alice)), {
    kind: 'success',
    user: 'alice',
    attributes: {},
    proxyGrantingTicketIou: null,
    encryptedProxyGrantingTicket: null,
    proxies: [],
    authenticatedAt: null,
    fromNewLogin: null,
    longTerm: null,
  });
});

test('XML and JSON with the same content are the same answer', () => {
  const fromXml = success(
    xmlSuccess(
      `${alice}<cas:attributes><cas:mail>a@example.edu</cas:mail><cas:authenticationDate>2026-01-01T00:00:00Z</cas:authenticationDate><cas:isFromNewLogin>true</cas:isFromNewLogin><cas:longTermAuthenticationRequestTokenUsed>false</cas:longTermAuthenticationRequestTokenUsed></cas:attributes><cas:proxyGrantingTicket>PGTIOU-1</cas:proxyGrantingTicket><cas:proxies><cas:proxy>https://b/cb</cas:proxy><cas:proxy>https://a/cb</cas:proxy></cas:proxies>`,
    ),
  );
  const attributes = {
    mail: ['a@example.edu'],
    authenticationDate: ['2026-01-01T00:00:00Z'],
    isFromNewLogin: [true],
    longTermAuthenticationRequestTokenUsed: false,
  };
  const proxies = ['https://b/cb', 'https://a/cb'];
  const fromJson = success(
    json({ authenticationSuccess: { user: 'alice', attributes, proxyGrantingTicket: 'PGTIOU-1', proxies } }),
  );
  assert.deepEqual(fromJson, fromXml);
  assert.equal(fromXml.authenticatedAt, Date.UTC(2026, 0, 1));
  assert.equal(fromXml.fromNewLogin, true);
  assert.equal(fromXml.longTerm, false);
});

test('the syntax is told by the first character, behind a byte order mark and white space', () => {
  assert.equal(success(`\uFEFF\n ${json({ authenticationSuccess: { user: 'alice' } })}\n`).user, 'alice');
  assert.equal(success(`\uFEFF\n ${xmlSuccess(alice)}\n`).user, 'alice');
});

test('elements of the protocol may come in any order', () => {
  const answer = success(xmlSuccess(`<cas:proxies><cas:proxy>p</cas:proxy></cas:proxies><cas:attributes/>${alice}`));
  assert.deepEqual([answer.user, answer.proxies], ['alice', ['p']]);
});

test('the user is a direct child in the CAS namespace and nothing else', () => {
  for (const inner of [
    '',
    '<user>alice</user>',
    '<x:user xmlns:x="urn:x">alice</x:user>',
    `<cas:attributes>${alice}</cas:attributes>`,
    `<cas:person>${alice}</cas:person>`,
    '<cas:User>alice</cas:User>',
    alice + alice,
    '<cas:user> \n </cas:user>',
    '<cas:user><cas:user>alice</cas:user></cas:user>',
  ]) {
    unreadable(xmlSuccess(inner));
  }
});

test('a user of another namespace beside the real one changes nothing', () => {
  assert.equal(success(xmlSuccess(`<x:user xmlns:x="urn:x">admin</x:user>${alice}`)).user, 'alice');
});

test('a user with a control character, a line break or a replacement character in it is refused', () => {
  for (const name of ['al\tice', 'al\nice', 'al&#xD;ice', 'al\x7Fice', 'al&#x85;ice', 'al\u2028ice', 'al\uFFFDice']) {
    assert.equal(unreadable(xmlSuccess(`<cas:user>${name}</cas:user>`)), 'control character in the user');
  }
  for (const name of ['al\0ice', 'al\nice', '\uD800']) unreadable(json({ authenticationSuccess: { user: name } }));
});

test('only the white space of XML is taken off a user', () => {
  assert.equal(success(xmlSuccess('<cas:user>\r\n\t alice </cas:user>')).user, 'alice');
  assert.equal(success(xmlSuccess('<cas:user>\u00A0alice</cas:user>')).user, '\u00A0alice');
});

test('a JSON user that is not a text is refused', () => {
  for (const user of [7, true, null, ['alice'], { name: 'alice' }, '', ' ']) {
    unreadable(json({ authenticationSuccess: { user } }));
  }
});

test('two outcomes in one document are refused, wherever the second one stands', () => {
  const failure = '<cas:authenticationFailure code="INVALID_TICKET">x</cas:authenticationFailure>';
  const ok = `<cas:authenticationSuccess>${alice}</cas:authenticationSuccess>`;
  for (const document of [
    xml(ok + failure),
    xml(failure + ok),
    xml(ok + ok),
    xml(failure + failure),
    xmlSuccess(alice + failure),
    xmlSuccess(`${alice}<cas:attributes>${failure}</cas:attributes>`),
    xml(`<cas:authenticationFailure code="INVALID_TICKET">Ticket ${ok}</cas:authenticationFailure>`),
    xml(`${ok}<cas:proxySuccess><cas:proxyTicket>PT-1</cas:proxyTicket></cas:proxySuccess>`),
    json({ authenticationSuccess: { user: 'alice' }, authenticationFailure: { code: 'X' } }),
    json({ authenticationSuccess: { user: 'alice' }, proxyFailure: {} }),
    json({ authenticationSuccess: { user: 'alice', authenticationFailure: {} } }),
    '{"serviceResponse":{"authenticationSuccess":{"user":"admin"},"authenticationSuccess":{"user":"alice"}}}',
    '{"serviceResponse":{},"serviceResponse":{"authenticationSuccess":{"user":"alice"}}}',
    '{"serviceResponse":{"authenticationSuccess":{"user":"alice","us\\u0065r":"admin"}}}',
  ]) {
    unreadable(document);
  }
});

test('a JSON outcome that is null is absent', () => {
  assert.equal(success(json({ authenticationSuccess: { user: 'alice' }, authenticationFailure: null })).user, 'alice');
});

test('JSON of another shape is refused and never throws', () => {
  for (const document of [
    '{}',
    '{"serviceResponse":null}',
    '{"serviceResponse":[]}',
    '{"serviceResponse":"x"}',
    '{"serviceResponse":{}}',
    '{"serviceResponse":{"authenticationSuccess":[]}}',
    '{"serviceResponse":{"authenticationSuccess":"alice"}}',
    '{"serviceResponse":{"authenticationSuccess":{"user":"alice","attributes":[]}}}',
    '{"serviceResponse":{"authenticationSuccess":{"user":"alice","proxies":"p"}}}',
    '{"serviceResponse":{"authenticationSuccess":{"user":"alice","proxies":[1]}}}',
    '{"serviceResponse":{"authenticationSuccess":{"user":"alice","proxies":[null]}}}',
    '{"serviceResponse":{"authenticationSuccess":{"user":"alice","proxyGrantingTicket":1}}}',
    '{"serviceResponse":{"authenticationFailure":{"code":7}}}',
    '{"serviceResponse":{"__proto__":{"authenticationSuccess":{"user":"alice"}}}}',
    '{"__proto__":{"serviceResponse":{"authenticationSuccess":{"user":"alice"}}}}',
    '[{"serviceResponse":{"authenticationSuccess":{"user":"alice"}}}]',
    '{"serviceResponse":',
  ]) {
    unreadable(document);
  }
});

test('text between the elements of a success is refused', () => {
  unreadable(xmlSuccess(`${alice}text`));
  unreadable(xml(`text<cas:authenticationSuccess>${alice}</cas:authenticationSuccess>`));
});

test('a list of proxies holds proxies and nothing else', () => {
  for (const inner of [
    '<cas:proxy/>',
    '<cas:other>p</cas:other>',
    '<proxy>p</proxy>',
    'p',
    '<cas:proxy><b>p</b></cas:proxy>',
  ]) {
    unreadable(xmlSuccess(`${alice}<cas:proxies>${inner}</cas:proxies>`));
  }
  unreadable(xmlSuccess(`${alice}<cas:proxies/><cas:proxies/>`));
  assert.deepEqual(success(xmlSuccess(`${alice}<cas:proxies/>`)).proxies, []);
});

test('an attribute called proxies, proxy or user stays an attribute', () => {
  const answer = success(
    xmlSuccess(
      `${alice}<cas:attributes><cas:proxies><cas:proxy>p</cas:proxy></cas:proxies><cas:user>admin</cas:user></cas:attributes><cas:attribute name="user" value="root"/>`,
    ),
  );
  assert.deepEqual([answer.user, answer.proxies], ['alice', []]);
  assert.deepEqual(answer.attributes, { proxy: ['p'], user: ['admin', 'root'] });
});

test('a failure keeps its code verbatim, also an unknown one, and its text trimmed', () => {
  assert.deepEqual(
    readServiceResponse(
      xml('<cas:authenticationFailure code="SOMETHING_NEW">\n text &amp; \n</cas:authenticationFailure>'),
    ),
    { kind: 'failure', code: 'SOMETHING_NEW', message: 'text &' },
  );
});

test('a failure without a code has an empty one', () => {
  const expected = { kind: 'failure', code: '', message: '' };
  assert.deepEqual(readServiceResponse(xml('<cas:authenticationFailure/>')), expected);
  assert.deepEqual(readServiceResponse(json({ authenticationFailure: {} })), expected);
});

test('a code that could forge a line of a log is refused', () => {
  unreadable(xml('<cas:authenticationFailure code="A&#10;B">x</cas:authenticationFailure>'));
});

test('the misspelt https namespace is enough for a failure and not for a success', () => {
  const misspelt = (body: string) => body.replace(CAS, 'https://www.yale.edu/tp/cas');
  assert.equal(readServiceResponse(misspelt(xml('<cas:authenticationFailure code="A"/>'))).kind, 'failure');
  unreadable(misspelt(xmlSuccess(alice)));
});

test('the answer of /proxy is no answer to a validation', () => {
  unreadable(xml('<cas:proxySuccess><cas:proxyTicket>PT-1</cas:proxyTicket></cas:proxySuccess>'));
  unreadable(xml('<cas:proxyFailure code="INVALID_TICKET">x</cas:proxyFailure>'));
});

test('a reason never repeats the document', () => {
  for (const body of [
    'PGT-1',
    '{"PGT-1":1}',
    xmlSuccess('PGT-1'),
    xmlSuccess(`${alice}<PGT-1:x/>`),
    xml('<cas:PGT-1/>'),
  ]) {
    assert.doesNotMatch(unreadable(body), /PGT-1/);
  }
});
