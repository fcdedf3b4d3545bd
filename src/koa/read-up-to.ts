import type { IncomingMessage } from 'node:http';

/**
 * A body of no more than so many bytes, or null. What comes after them is thrown away, so that the connection is free for the
 * next request: nobody else reads on what was begun, and the sender would wait.
 */
export async function readUpTo(req: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Nothing can be thrown away of a request that is destroyed.
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) break;
    chunks.push(chunk as Buffer);
  }
  if (size <= maxBytes) return Buffer.concat(chunks);
  req.resume();
  return null;
}
