import { gzipSync } from 'node:zlib';
import { bytesOf } from './body-support.ts';

/** A body as it goes over the wire, with the headers that say how to read it. */
export interface Payload {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

const URLENCODED = 'application/x-www-form-urlencoded';

/** Two files, one of which is no text, and fields with the names and values that others lose. */
export function multipart(boundary: string, named = boundary): Pick<Payload, 'headers' | 'bytes'> {
  const part = (disposition: string, value: string | Uint8Array, type?: string) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`),
    Buffer.from(type ? `Content-Type: ${type}\r\n\r\n` : '\r\n'),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ];
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${named}` },
    bytes: Buffer.concat([
      ...part('name="grade"', '1,7'),
      ...part('name="grade"', 'two\r\nlines, “€”'),
      ...part('name="submit"', 'yes'),
      ...part('name="picture"; filename="bär.png"', bytesOf(5000), 'image/png'),
      ...part('name="notes"; filename="notes.txt"', 'plain\n', 'text/plain'),
      Buffer.from(`--${boundary}--\r\n`),
    ]),
  };
}

const form = Buffer.from(`grade=B%2B&grade=A&note=one%0D%0Atwo+three&price=%E2%82%AC&${'long='.padEnd(60, 'x')}`);

export const PAYLOADS: readonly Payload[] = [
  {
    name: 'a form with duplicate and empty names, in their order',
    headers: { 'content-type': URLENCODED },
    bytes: Buffer.from(`b=2&a=1&b=1&=nobody&a=&&plus=1+2&lines=%0D%0A&${'long='.padEnd(60, 'x')}`),
  },
  {
    name: 'a form with a charset, and what is no UTF-8',
    headers: { 'content-type': `${URLENCODED}; charset=ISO-8859-1` },
    bytes: Buffer.concat([form, Buffer.from('&odd=%FF&raw='), Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x00])]),
  },
  {
    name: 'a form with a field called submit',
    headers: { 'content-type': URLENCODED },
    bytes: Buffer.from(`submit=yes&action=delete&method=get&${'long='.padEnd(60, 'x')}`),
  },
  { name: 'multipart with two files', ...multipart('----WebKitFormBoundary7MA4YWxk') },
  { name: 'multipart whose boundary is another one', ...multipart('one', 'another') },
  {
    name: 'JSON',
    headers: { 'content-type': 'application/json; charset=utf-8' },
    bytes: Buffer.from(`{"a":["€",null], "a":2,\n "long": "${'x'.repeat(60)}"}`),
  },
  {
    name: 'text in UTF-16',
    headers: { 'content-type': 'text/plain; charset=utf-16le' },
    bytes: Buffer.from(`a=1\r\nb=€\n${'x'.repeat(50)}`, 'utf16le'),
  },
  { name: 'octets', headers: { 'content-type': 'application/octet-stream' }, bytes: bytesOf(5000) },
  {
    name: 'gzip',
    headers: { 'content-type': URLENCODED, 'content-encoding': 'gzip', 'content-language': 'de' },
    bytes: gzipSync(bytesOf(700)),
  },
  { name: 'bytes of no type', headers: {}, bytes: bytesOf(100) },
  { name: 'nothing', headers: {}, bytes: Buffer.alloc(0) },
  { name: 'nothing, said to be a form', headers: { 'content-type': URLENCODED }, bytes: Buffer.alloc(0) },
];
