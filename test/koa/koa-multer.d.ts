/** The part of @koa/multer that the tests and the demo use. Its own types add `files` to every context of Koa, ours included. */
declare module '@koa/multer' {
  import type { Middleware } from 'koa';

  interface Storage {
    readonly kind?: undefined;
  }

  interface Options {
    readonly storage?: Storage;
    readonly limits?: { readonly fileSize?: number; readonly files?: number; readonly parts?: number };
    readonly defParamCharset?: 'latin1' | 'utf8';
  }

  interface Multer {
    (options?: Options): { any(): Middleware };
    memoryStorage(): Storage;
  }

  const multer: Multer;
  export default multer;
}
