/** What the login by Ucam-WebAuth was when it was last reviewed. Change it together with the machine, and read both. */
export const reviewedOutline = {
  starting: {
    tags: 'awaiting-server',
    on: ['always when loginLoops → rejecting', 'always when gatewayCoolsDown → declined', 'always → redirecting'],
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
      'principal.admitted → authenticated',
      'principal.refused → rejecting',
      'principal.unchecked → rejecting',
      'logout.requested → loggedOut',
    ],
  },
  authenticated: {
    tags: 'settled',
    on: [
      'session.opened when samePrincipal → itself',
      'session.opened → itself',
      'logout.requested → loggedOut',
      'return.reply → itself',
    ],
  },
  rejecting: { tags: 'awaiting-server', on: ['always when gatewayAsked → declined', 'always → failed'] },
  declined: { tags: '', on: [] },
  cancelled: { tags: 'failed', on: [] },
  failed: { tags: 'failed', on: [] },
  loggedOut: { tags: '', on: [] },
};
