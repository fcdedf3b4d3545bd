import json
import os
import sqlite3
import sys

TABLES = {
    'ST': 'cas_server_serviceticket',
    'PT': 'cas_server_proxyticket',
    'PGT': 'cas_server_proxygrantingticket',
}
LONG_AGO = '2001-02-03 04:05:06'

database = sqlite3.connect(os.path.join(os.environ['INTEROP_STATE'], 'cas.sqlite3'), timeout=20)
database.row_factory = sqlite3.Row


def change(statement, *values):
    with database:
        return database.execute(statement, values).rowcount


def age_tickets(kind, condition='1'):
    return change('UPDATE %s SET creation = ? WHERE %s' % (TABLES[kind], condition), LONG_AGO)


def list_tickets():
    query = 'SELECT value, service, validate AS used, renew FROM %s ORDER BY id'
    return [
        {'kind': kind, 'value': row['value'], 'service': row['service'],
         'used': bool(row['used']), 'renew': bool(row['renew'])}
        for kind, table in TABLES.items() for row in database.execute(query % table)
    ]


def clean():
    import django
    django.setup()
    from django.core.management import call_command
    call_command('cas_clean_tickets')
    call_command('cas_clean_sessions')


COMMANDS = {
    'tickets': list_tickets,
    'expire-pgts': lambda: age_tickets('PGT'),
    'expire-tickets': lambda: age_tickets('ST', 'validate = 0') + age_tickets('PT', 'validate = 0'),
    'delete-pgts': lambda: change('DELETE FROM ' + TABLES['PGT']),
    'drop-sessions': lambda: change('DELETE FROM django_session'),
    'age-sessions': lambda: change('UPDATE cas_server_user SET date = ?, last_login = ?', LONG_AGO, LONG_AGO),
    'clean': clean,
}

if sys.argv[1] not in COMMANDS:
    sys.exit('no such command: ' + sys.argv[1])
json.dump(COMMANDS[sys.argv[1]](), sys.stdout)
