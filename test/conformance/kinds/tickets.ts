import { isTicket, TICKET_PATTERN, takeTicket } from '../../../src/protocols/cas/tickets.ts';
import { compare, type Fields, type Kinds, textField } from '../kind.ts';

const form = { parameter: 'ticket', pattern: TICKET_PATTERN };

export const kinds: Kinds = {
  ticketStrip: (input, expected) => {
    const { ticket, query } = takeTicket(queryOf(input), form);
    return compare(expected, { removed: ticket !== null, query });
  },
  ticketParam: (input, expected) => compare(expected, { ticket: takeTicket(queryOf(input), form).ticket }),
  ticketFormat: (input, expected) => compare(expected, { ok: isTicket(textField(input, 'ticket')) }),
};

/** A request without a query has an empty one with us. */
function queryOf(input: Fields): string {
  return input.query === null ? '' : textField(input, 'query');
}
