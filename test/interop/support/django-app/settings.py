import os

STATE = os.environ['INTEROP_STATE']


def seconds(name, default):
    return int(os.environ.get(name, default))


DEBUG = False
SECRET_KEY = os.environ['INTEROP_SECRET']
ALLOWED_HOSTS = ['localhost', '127.0.0.1']
ROOT_URLCONF = 'campus.urls'
INSTALLED_APPS = ['django.contrib.%s' % app for app in (
    'auth', 'contenttypes', 'sessions', 'messages', 'staticfiles',
)] + ['cas_server']
MIDDLEWARE = [
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.common.CommonMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
]
TEMPLATES = [{
    'BACKEND': 'django.template.backends.django.DjangoTemplates',
    'APP_DIRS': True,
    'OPTIONS': {'context_processors': [
        'django.template.context_processors.request',
        'django.contrib.messages.context_processors.messages',
    ]},
}]
# Two servers write to one database: wait for the other one instead of failing.
DATABASES = {'default': {
    'ENGINE': 'django.db.backends.sqlite3',
    'NAME': os.path.join(STATE, 'cas.sqlite3'),
    'OPTIONS': {'timeout': 20},
}}
DEFAULT_AUTO_FIELD = 'django.db.models.AutoField'
STATIC_URL = '/static/'
USE_TZ = True
USE_I18N = False

# Browsers keep one cookie jar for all ports of a host: stay clear of what the tested applications set.
SESSION_COOKIE_NAME = 'django_cas_session'
CSRF_COOKIE_NAME = 'django_cas_csrf'
SESSION_COOKIE_AGE = seconds('CAS_SESSION_AGE', 14 * 24 * 3600)

CAS_AUTH_CLASS = 'campus.users.JsonUsers'
CAS_TICKET_VALIDITY = seconds('CAS_TICKET_VALIDITY', 60)
CAS_PGT_VALIDITY = seconds('CAS_PGT_VALIDITY', 3600)
CAS_TGT_VALIDITY = seconds('CAS_TGT_VALIDITY', 0) or None
CAS_PROXY_CA_CERTIFICATE_PATH = os.environ['REQUESTS_CA_BUNDLE']
# Both would ask a server on the Internet for the newest version.
CAS_NEW_VERSION_HTML_WARNING = False
CAS_NEW_VERSION_EMAIL_WARNING = False

LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'handlers': {'stderr': {'class': 'logging.StreamHandler'}},
    'loggers': {
        'cas_server': {'handlers': ['stderr'], 'level': 'INFO'},
        'django': {'handlers': ['stderr'], 'level': 'INFO'},
    },
}
