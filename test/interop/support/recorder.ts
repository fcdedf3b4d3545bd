import { request } from 'node:https';
import type { CasEndpoints } from '../../../src/index.ts';
import type { DjangoCasServer } from './django-cas-server.ts';
import { startTlsFront } from './tls-front.ts';

export interface Exchange {
  /** Path and query. */
  readonly target: string;
  readonly status: number;
  readonly body: string;
}

/** Stands between an application and its CAS server, and remembers what the server said. */
export interface Recorder {
  /** Everything that an application calls itself, by way of the recorder. */
  readonly endpoints: Pick<CasEndpoints, 'validate' | 'proxy' | 'proxyValidate'>;
  /** The oldest first. */
  readonly exchanges: readonly Exchange[];
  close(): Promise<void>;
}

export async function startRecorder(cas: DjangoCasServer): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const front = await startTlsFront(cas.tls);
  front.leadTo((incoming, response) => {
    const target = incoming.url ?? '/';
    const { method = 'GET', headers } = incoming;
    const onward = request(new URL(target, cas.url), { method, headers, ca: cas.ca }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const status = answer.statusCode ?? 502;
      exchanges.push({ target, status, body: body.toString() });
      response.writeHead(status, answer.headers).end(body);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  const at = (path: string): string => `${front.url}/cas/${path}`;
  return {
    endpoints: { validate: at('p3/serviceValidate'), proxy: at('proxy'), proxyValidate: at('p3/proxyValidate') },
    exchanges,
    close: () => front.close(),
  };
}
