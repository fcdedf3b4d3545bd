/** What the login by Ucam-WebAuth was when it was last reviewed. Change it together with the machine, and read both. */
export const reviewedOutline = {
  starting: {
    tags: 'awaiting-server',
    on: [
      'always when hasRequestToKeep → keepingRequest',
      'always when loginLoops → rejecting',
      'always when gatewayCoolsDown → declined',
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
    on: ['return.reply → verifying', 'logout.requested → loggedOut'],
  },
  verifying: {
    tags: 'awaiting-server',
    on: [
      'reply.verified when freshEnough → admitting',
      'reply.verified when mayAskAgain → redirecting',
      'reply.verified → rejecting',
      'reply.malformed → rejecting',
      'reply.invalid → rejecting',
      'reply.unknownKey → rejecting',
      'reply.notCurrent → rejecting',
      'reply.cancelled when gatewayAsked → declined',
      'reply.cancelled → cancelled',
      'reply.interactionNeeded → rejecting',
      'reply.refused → rejecting',
      'reply.failed → rejecting',
      'logout.requested → loggedOut',
    ],
  },
  admitting: {
    tags: 'awaiting-server',
    on: [
      'principal.admitted → openingSession',
      'principal.refused → rejecting',
      'principal.unchecked → rejecting',
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
      'return.reply → itself',
    ],
  },
  authenticated: {
    tags: 'settled',
    on: ['logout.requested → loggedOut', 'return.reply → itself'],
  },
  rejecting: { tags: 'awaiting-server', on: ['always when gatewayAsked → declined', 'always → failed'] },
  declined: { tags: '', on: [] },
  cancelled: { tags: 'failed', on: [] },
  failed: { tags: 'failed', on: [] },
  loggedOut: { tags: '', on: [] },
};
