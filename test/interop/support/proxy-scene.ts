import Keyv from 'keyv';
import type { Middleware } from 'koa';
import { type AcceptProxyTicketsOptions, isSsoError } from '../../../src/index.ts';
import { createDevelopmentCa, type DevelopmentCa } from '../../../src/testing/index.ts';
import type { Browser } from '../../support/browser.ts';
import type { Portal } from '../../support/portal.ts';
import { type Api, type ApiSetup, mountProxyPages, startApi } from '../../support/proxying.ts';
import type { TestUser } from './django-users.ts';
import { type Recorder, startRecorder } from './recorder.ts';
import { logIn, type Scene, type SceneSetup, startScene, userOn } from './scene.ts';
import { type ServerCertificate, startTlsFront, type TlsFront } from './tls-front.ts';

export interface ProxyPortalSetup extends SceneSetup {
  /** What the callback shows of itself; without it a certificate that the CAS server trusts. */
  readonly certificate?: ServerCertificate;
  /** Where the callback is. Default `/sso/proxy-callback`. */
  readonly callbackPath?: string;
  /** The application of people is there too: everything is on one address with TLS. */
  readonly https?: boolean;
}

/** A portal that calls services for people: it is reached over http, and its callback over TLS. */
export interface ProxyPortal extends Portal {
  /** The address that it gives to the CAS server, and by which services know it. */
  readonly callbackUrl: string;
  /** What the world sees of the callback. */
  readonly front: TlsFront;
  /** Its store as it lies there. */
  readonly records: ReadonlyMap<string, unknown>;
}

export interface ProxyApiSetup {
  readonly allowedChains: AcceptProxyTicketsOptions['allowedChains'];
  readonly cas?: Partial<ApiSetup['cas']>;
  readonly accept?: Partial<AcceptProxyTicketsOptions>;
  readonly answer?: ApiSetup['answer'];
}

export interface ChainingApiSetup extends ProxyApiSetup {
  /** What the callback shows of itself; without it a certificate that the CAS server trusts. */
  readonly certificate?: ServerCertificate;
}

/** A service that calls on: it has a callback too. */
export interface ChainingApi extends Api {
  readonly callbackUrl: string;
}

/** A real CAS server that trusts a CA of ours, with portals and services around it. */
export interface ProxyScene extends Scene {
  /** The CA that the server trusts for callbacks. */
  readonly callbackCa: DevelopmentCa;
  proxyPortal(setup?: ProxyPortalSetup): Promise<ProxyPortal>;
  api(setup: ProxyApiSetup): Promise<Api>;
  chainingApi(setup: ChainingApiSetup): Promise<ChainingApi>;
  recorder(): Promise<Recorder>;
}

export async function startProxyScene(): Promise<ProxyScene> {
  const callbackCa = await createDevelopmentCa();
  const trusted = await callbackCa.issue({ hosts: ['localhost'] });
  const scene = await startScene({ trust: [callbackCa.certificate] });
  const ends: (() => Promise<unknown>)[] = [];
  const closing = <T extends { close(): Promise<unknown> }>(one: T): T => {
    ends.push(() => one.close());
    return one;
  };
  const server = { serverUrl: scene.cas.url, ca: scene.cas.ca };
  const openApi = async ({ allowedChains, cas, accept, answer }: ProxyApiSetup): Promise<Api> =>
    closing(
      await startApi({
        cas: { ...server, ...cas },
        accept: { ...accept, allowedChains },
        ...(answer ? { answer } : {}),
      }),
    );
  return {
    ...scene,
    callbackCa,
    async proxyPortal({ certificate = trusted, callbackPath = '/sso/proxy-callback', https = false, ...setup } = {}) {
      const front = closing(await startTlsFront(https ? scene.cas.tls : certificate));
      const callbackUrl = front.url + callbackPath;
      const records = new Map<string, unknown>();
      const portal = await scene.portal({
        mount: mountProxyPagesWithErrors,
        ...setup,
        options: { store: new Keyv({ store: records }), ...(https ? { baseUrl: front.url } : {}), ...setup.options },
        cas: { proxyGrants: true, ...(https ? {} : { proxyCallbackUrl: callbackUrl }), ...setup.cas },
      });
      front.leadTo(portal.app.callback());
      return { ...portal, ...(https ? { url: front.url } : {}), callbackUrl, front, records };
    },
    api: openApi,
    async chainingApi({ certificate = trusted, ...setup }) {
      const front = closing(await startTlsFront(certificate));
      const callbackUrl = `${front.url}/sso/proxy-callback`;
      const api = await openApi({
        ...setup,
        cas: { proxyGrants: true, proxyCallbackUrl: callbackUrl, ...setup.cas },
        accept: { proxyGrant: true, ...setup.accept },
      });
      front.leadTo(api.url);
      return { ...api, callbackUrl };
    },
    recorder: async () => closing(await startRecorder(scene.cas)),
    async close() {
      for (const end of ends.reverse()) await end();
      await scene.close();
    },
  };
}

/** The usual pages, and what the application learns when there is no ticket. */
const mountProxyPagesWithErrors: NonNullable<SceneSetup['mount']> = (app, sso) => {
  app.use(showErrors as Middleware);
  mountProxyPages(app, sso);
};

const showErrors: Middleware = async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    if (!isSsoError(error)) throw error;
    const { code, detail, message, status } = error;
    ctx.status = status;
    ctx.body = { error: { code, detail, message } };
  }
};

/** A browser in which somebody is signed in to the portal. */
export async function signedIn(scene: ProxyScene, portal: ProxyPortal, user: TestUser): Promise<Browser> {
  const browser = scene.browser();
  userOn(await logIn(browser, `${portal.url}/`, user));
  return browser;
}
