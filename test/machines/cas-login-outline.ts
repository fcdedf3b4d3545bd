/** What the CAS login was when it was last reviewed. Change it together with the machine, and read what you change. */
export const reviewedOutline = {
  starting: {
    tags: 'awaiting-server',
    on: [
      'always when loginLoops → rejecting',
      'always when gatewayCoolsDown → declined',
      'always when broughtTicket → awaitingReturn',
      'always → redirecting',
    ],
  },
  redirecting: {
    tags: 'awaiting-server',
    on: ['redirect.issued → awaitingReturn', 'logout.requested → loggedOut'],
  },
  awaitingReturn: {
    tags: 'awaiting-browser',
    on: ['return.ticket → validating', 'return.withoutTicket → rejecting', 'logout.requested → loggedOut'],
  },
  validating: {
    tags: 'awaiting-server',
    on: [
      'validation.succeeded when freshEnough → admitting',
      'validation.succeeded when mayAskAgain → redirecting',
      'validation.succeeded → rejecting',
      'validation.rejected → rejecting',
      'validation.refused → rejecting',
      'validation.callbackFailed when mayGoWithoutGrant → redirecting',
      'validation.callbackFailed → rejecting',
      'validation.proxied → rejecting',
      'validation.unreachable → rejecting',
      'validation.timedOut → rejecting',
      'validation.badStatus → rejecting',
      'validation.unreadable → rejecting',
      'logout.requested → loggedOut',
    ],
  },
  admitting: {
    tags: 'awaiting-server',
    on: [
      'principal.admitted when wantsGrant → claimingGrant',
      'principal.admitted → authenticated',
      'principal.refused → rejecting',
      'principal.unchecked → rejecting',
      'logout.requested → loggedOut',
    ],
  },
  claimingGrant: {
    tags: 'awaiting-server',
    on: [
      'grant.claimed → authenticated',
      'grant.missing when needsGrant → rejecting',
      'grant.missing → authenticated',
      'logout.requested → loggedOut',
    ],
  },
  authenticated: {
    tags: 'settled',
    on: [
      'session.opened when samePrincipal → itself',
      'session.opened → itself',
      'logout.requested → loggedOut',
      'return.ticket → itself',
      'return.withoutTicket → itself',
      'grant.expired → starting',
    ],
  },
  rejecting: { tags: 'awaiting-server', on: ['always when gatewayAsked → declined', 'always → failed'] },
  declined: { tags: '', on: [] },
  failed: { tags: 'failed', on: [] },
  loggedOut: { tags: '', on: [] },
};
