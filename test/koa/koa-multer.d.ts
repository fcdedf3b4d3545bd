/** The part of @koa/multer that the tests use. Its own types add `files` to every context of Koa, ours included. */
declare module '@koa/multer' {
  import type { Middleware } from 'koa';

  interface Storage {
    readonly kind?: undefined;
  }

  interface Multer {
    (options?: { readonly storage?: Storage }): { any(): Middleware };
    memoryStorage(): Storage;
  }

  const multer: Multer;
  export default multer;
}
