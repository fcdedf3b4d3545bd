import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readXml, type XmlElement } from '../../../src/protocols/cas/xml.ts';

function root(document: string): XmlElement {
  const reading = readXml(document);
  assert.equal(reading.kind, 'document', reading.kind === 'unreadable' ? reading.reason : '');
  return (reading as { root: XmlElement }).root;
}

function refused(document: string): string {
  const reading = readXml(document);
  assert.equal(reading.kind, 'unreadable');
  return (reading as { reason: string }).reason;
}

test('a prefix counts for the address that it stands for', () => {
  const element = root('<a:x xmlns:a="urn:one"><b:y xmlns:b="urn:two"/><a:z/></a:x>');
  assert.deepEqual(
    [element, ...element.children].map(({ namespace, name }) => [namespace, name]),
    [
      ['urn:one', 'x'],
      ['urn:two', 'y'],
      ['urn:one', 'z'],
    ],
  );
});

test('a prefix declared further in holds only there', () => {
  const element = root('<a:x xmlns:a="urn:one"><a:y xmlns:a="urn:two"><a:z/></a:y><a:z/></a:x>');
  assert.equal(element.children[0]?.children[0]?.namespace, 'urn:two');
  assert.equal(element.children[1]?.namespace, 'urn:one');
});

test('a default namespace holds for elements, can be taken back, and does not hold for attributes', () => {
  const element = root('<x xmlns="urn:one" n="1"><y xmlns=""/></x>');
  assert.equal(element.namespace, 'urn:one');
  assert.equal(element.attributes.get('n'), '1');
  assert.equal(element.children[0]?.namespace, '');
});

test('an attribute with a prefix is not mistaken for the one without', () => {
  const element = root('<x xmlns:a="urn:one" a:code="outer" code="inner"/>');
  assert.equal(element.attributes.get('code'), 'inner');
  assert.equal(element.attributes.get('{urn:one}code'), 'outer');
});

test('two attributes with the same name by different prefixes are refused', () => {
  refused('<x xmlns:a="urn:one" xmlns:b="urn:one" a:n="1" b:n="2"/>');
});

test('a prefix that nobody declared is refused, on elements and on attributes', () => {
  refused('<a:x/>');
  refused('<x a:n="1"/>');
});

test('the prefix xml is known without a declaration and cannot be given away', () => {
  assert.equal(root('<x xml:lang="en"/>').attributes.size, 1);
  refused('<x xmlns:xml="urn:one"/>');
  refused('<x xmlns:a="http://www.w3.org/XML/1998/namespace"/>');
});

test('a name with two colons, and one that begins with a digit behind its prefix, are refused', () => {
  refused('<a:b:c xmlns:a="urn:one"/>');
  refused('<a:1 xmlns:a="urn:one"/>');
  refused('<x xmlns:a=""/>');
});

test('text comes as it was sent, with entities decoded once', () => {
  assert.equal(root('<x> 1e5 &amp;lt; &#x1F600; </x>').text, ' 1e5 &lt; \u{1F600} ');
});

test('CDATA stays literal and comments leave no gap', () => {
  assert.equal(root('<x>a<!-- b --><![CDATA[&amp;<c>]]>d</x>').text, 'a&amp;<c>d');
});

test('attribute values are decoded, and their line breaks are spaces unless written as references', () => {
  assert.equal(root('<x n="a&#10;b\nc&quot;"/>').attributes.get('n'), 'a\nb c"');
});

test('line ends of every system are one line feed', () => {
  assert.equal(root('<x>a\r\nb\rc</x>').text, 'a\nb\nc');
});

test('a name that JavaScript uses is a name like any other', () => {
  assert.equal(
    root('<x><toString>1</toString><a:__proto__ xmlns:a="u">2</a:__proto__></x>').children[1]?.name,
    '__proto__',
  );
  assert.equal(root('<x><hasOwnProperty/></x>').children[0]?.name, 'hasOwnProperty');
});

for (const reference of [
  '&#0;',
  '&#x8;',
  '&#xD800;',
  '&#xFFFE;',
  '&#x110000;',
  '&#99999999999999999999;',
  '&#;',
  '&#X41;',
]) {
  test(`the reference ${reference} is refused`, () => {
    refused(`<x>${reference}</x>`);
    refused(`<x n="${reference}"/>`);
  });
}

for (const entity of ['&nbsp;', '&constructor;', '&__proto__;', '&AMP;', '& ', '&amp']) {
  test(`the entity ${entity.trim()} is refused`, () => {
    refused(`<x>${entity}</x>`);
    refused(`<x n="${entity}"/>`);
  });
}

test('every declaration in a document is refused, in whatever case', () => {
  assert.equal(refused('<!DOCTYPE x><x/>'), 'document type declaration');
  refused('<!doctype x><x/>');
  refused('<x><!ENTITY a "b"></x>');
});

test('characters that XML does not have are refused', () => {
  for (const character of ['\0', '\b', '\x1B', '\uFFFE', '\uD800']) refused(`<x>${character}</x>`);
});

test('there is exactly one root, and nothing but white space and comments around it', () => {
  assert.equal(root('\uFEFF \n<?xml version="1.0"?>\n<!-- a --><x/><!-- b -->\n').name, 'x');
  for (const document of ['<x/><y/>', '<x></x><y></y>', '<x/>text', '<x/><![CDATA[text]]>', '<!-- only -->', '']) {
    refused(document);
  }
});

test('a declaration after the beginning, and an instruction with a quotation mark, are refused', () => {
  refused('<x><?xml version="1.0"?></x>');
  refused("<x><?a ' ?><y/><?b ' ?></x>");
  refused('<?xml version="1.0\'?><x/>');
});

test('thousands of prefixes are refused', () => {
  const prefixes = Array.from({ length: 5000 }, (_each, index) => `xmlns:a${index}="urn:${index}"`).join(' ');
  refused(`<x ${prefixes}>${'<y xmlns:b="urn:b"/>'.repeat(5000)}</x>`);
});

test('the end of a CDATA section without its beginning is refused', () => {
  refused('<x>a]]>b</x>');
});

test('a reason never repeats the document', () => {
  for (const document of ['<PGT-1>', '<x>&PGT-1;</x>', 'PGT-1', '<PGT-1 a="<"/>', '<x PGT-1=1/>', '<PGT-1:x/>']) {
    assert.doesNotMatch(refused(document), /PGT-1/);
  }
});

test('a long run of anything is read or refused in no more than linear time', () => {
  const size = 256 * 1024;
  for (const piece of [
    '<?',
    '<!--',
    '<![CDATA[',
    ' ',
    '<x ',
    '<x>',
    '&',
    '&#x',
    ' a="',
    '"',
    '<x/>',
    ']]>',
    '<!-- -->',
  ]) {
    const started = performance.now();
    readXml(`<x>${piece.repeat(size / piece.length)}y</x>`);
    readXml(`<x ${piece.repeat(size / piece.length)}y`);
    assert.ok(performance.now() - started < 3000, `${piece} took ${performance.now() - started} ms`);
  }
});
