/** What the CAS login was when it was last reviewed. Change it together with the machine, and read what you change. */
export const reviewedOutline = {
  starting: {
    tags: 'awaiting-server',
    on: [
      'always when hasRequestToKeep → keepingRequest',
      'always when loginLoops → rejecting',
      'always when gatewayCoolsDown → declined',
      'always when broughtTicket → awaitingReturn',
      'always → redirecting',
    ],
  },
  keepingRequest: {
    tags: 'awaiting-server',
    on: ['request.saved → starting', 'request.notSaved → starting', 'logout.requested → loggedOut'],
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
      'principal.admitted → openingSession',
      'principal.refused → rejecting',
      'principal.unchecked → rejecting',
      'logout.requested → loggedOut',
    ],
  },
  claimingGrant: {
    tags: 'awaiting-server',
    on: [
      'grant.claimed → openingSession',
      'grant.missing when needsGrant → rejecting',
      'grant.missing → openingSession',
      'logout.requested → loggedOut',
    ],
  },
  openingSession: {
    tags: 'awaiting-server',
    on: [
      'session.opened when nothingWasKept → authenticated',
      'session.opened when ownerUnknown → resuming',
      'session.opened when samePrincipal → resuming',
      'session.opened → authenticated',
      'logout.requested → loggedOut',
    ],
  },
  resuming: {
    tags: 'settled pending',
    on: [
      'request.resumed → authenticated',
      'request.discarded → authenticated',
      'request.expired → authenticated',
      'logout.requested → loggedOut',
      'return.ticket → itself',
      'return.withoutTicket → itself',
    ],
  },
  authenticated: {
    tags: 'settled',
    on: [
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
