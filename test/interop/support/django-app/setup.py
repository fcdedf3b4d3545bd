import django

django.setup()

from django.core.management import call_command  # noqa: E402
from cas_server.models import ServicePattern  # noqa: E402

call_command('migrate', verbosity=0, interactive=False)

LOOPBACK = r'^https?://(?:localhost|127\.0\.0\.1)(?::\d+)?/'


def service(position, name, prefix, usernames=(), attributes=True, **changes):
    flags = {'proxy': True, 'proxy_callback': True, 'single_log_out': True, **changes}
    pattern = ServicePattern.objects.create(
        pos=position, name=name, pattern=LOOPBACK + prefix, restrict_users=bool(usernames), **flags)
    if attributes:
        pattern.attributs.create(name='*')
    for username in usernames:
        pattern.usernames.create(value=username)


# The first one that matches, by position, decides.
service(1, 'may not be proxied to', 'noproxy', proxy=False)
service(2, 'may not receive PGTs', 'nocallback', proxy_callback=False)
service(3, 'gets no log-out requests', 'noslo', single_log_out=False)
service(4, 'for alice only', 'onlyalice', usernames=['alice'])
service(5, 'knows people by mail address', 'mailuser', user_field='mail')
service(6, 'learns no attributes', 'noattrs', attributes=False)
service(100, 'any other loopback service', '')
