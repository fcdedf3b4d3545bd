import type { NotKeptCode } from '../machines/vocabulary.ts';
import type { Explanation } from './errors.ts';

/** What can become of a request that was to be kept over a login, other than that it is sent again. */
export type RequestCode =
  | NotKeptCode
  | 'ERR_SSO_REQUEST_USED'
  | 'ERR_SSO_REQUEST_DISCARDED'
  | 'ERR_SSO_REQUEST_UNKNOWN'
  | 'ERR_SSO_REQUEST_FOREIGN'
  | 'ERR_SSO_REQUEST_OTHER_TARGET'
  | 'ERR_SSO_REQUEST_PARSED';

/** The meaning of each of these codes, for a person whose form was not sent. */
export const requestExplanations: Readonly<Record<RequestCode, Explanation>> = {
  ERR_SSO_REQUEST_TOO_LARGE: {
    status: 413,
    message:
      'What you sent is larger than what this site keeps while somebody signs in, so it was neither kept nor sent on. Please fill in the form again now: while you are signed in, nothing has to be kept.',
  },
  ERR_SSO_REQUEST_NOT_RECEIVED: {
    status: 400,
    message:
      'What you sent did not arrive in full, so it was neither kept nor sent on. Usually the connection broke off or was too slow. Please fill in the form again.',
  },
  ERR_SSO_REQUEST_NO_ROOM: {
    status: 503,
    message:
      'Too many forms are waiting here for somebody to sign in, so yours was neither kept nor sent on. Please fill it in again now: while you are signed in, nothing has to be kept.',
  },
  ERR_SSO_REQUEST_NOT_STORED: {
    status: 503,
    message:
      'What you sent was not kept and not sent on, because the place where this site keeps such things cannot be reached at the moment. Signing in works all the same. Please fill in the form again.',
  },
  ERR_SSO_REQUEST_NOT_OURS: {
    status: 403,
    message:
      'Your browser did not show that what it sent came from a page of this site. Another site could have sent it in your name, so for your safety it was neither kept nor sent on. If it was you, please fill in the form again on this site.',
  },
  ERR_SSO_REQUEST_NOBODYS: {
    status: 403,
    message:
      'Nobody was signed in when this was sent. Such a form is not kept, since nobody can tell whose it is, and it was not sent on. Please fill it in again now that you are signed in.',
  },
  ERR_SSO_REQUEST_OTHER_PERSON: {
    status: 403,
    message:
      'Somebody else was signed in when this was sent. It was erased, and nothing was sent in your name. If it was you with another account, please sign in with that one and fill in the form again.',
  },
  ERR_SSO_REQUEST_EXPIRED: {
    status: 410,
    message:
      'What you sent was kept for a short time only, and that is over. It is erased and was not sent on. Please fill in the form again.',
  },
  ERR_SSO_REQUEST_USED: {
    status: 409,
    message:
      'This was sent already, and it is not sent a second time. It happens when a button is pressed twice, or when a page is reloaded or opened again. Please look whether it has arrived before you fill in the form again.',
  },
  ERR_SSO_REQUEST_DISCARDED: {
    status: 410,
    message:
      'What you had sent was erased, and nothing was sent on: because you asked for it, signed out, or sent several other forms meanwhile. If you need it, please fill in the form again.',
  },
  ERR_SSO_REQUEST_UNKNOWN: {
    status: 410,
    message:
      'What you wanted to send is no longer kept here, so nothing was sent. It happens when an old page is opened again, after signing out, or when too much time has passed. Please fill in the form again.',
  },
  ERR_SSO_REQUEST_FOREIGN: {
    status: 403,
    message:
      'This was kept for another browser, or this browser has lost the cookie that goes with it. For your safety nothing was sent. Please allow cookies for this site and fill in the form again.',
  },
  ERR_SSO_REQUEST_OTHER_TARGET: {
    status: 400,
    message:
      'What is kept here was meant for another page of this site, so nothing was sent. The page that you came from may have been damaged, or was put together by hand. Please fill in the form again.',
  },
  ERR_SSO_REQUEST_PARSED: {
    status: 500,
    message:
      'This site is not set up well enough to send a form again after a sign-in, so nothing was sent. Please fill in the form again, and tell the people who run this site.',
  },
};

/** Whether a text is one of these codes. */
export function isRequestCode(text: unknown): text is RequestCode {
  return typeof text === 'string' && Object.hasOwn(requestExplanations, text);
}
