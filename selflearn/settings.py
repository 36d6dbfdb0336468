"""Every setting, read from the environment (and from an optional .env beside manage.py).

Without any variable the product runs on SQLite in ./data, for this machine alone.
"""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured

from selflearn import environment
from selflearn.admin_theme import UNFOLD as UNFOLD
from selflearn.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
environment.load(BASE_DIR / ".env")

# Where it runs
DATA_DIR = environment.folder("DATA_DIR", default=BASE_DIR / "data")
PRODUCTION = environment.flag("PRODUCTION")
DEBUG = environment.flag("DEBUG")
SIMULATION = environment.flag("SIMULATION")
HTTPS = environment.flag("HTTPS", default=PRODUCTION)
PROXY_COUNT = environment.whole("PROXY_COUNT", default=0, low=0, high=9)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG shows secrets to visitors: it cannot go with PRODUCTION")
if PRODUCTION and SIMULATION:
    raise ImproperlyConfigured("SIMULATION moves the clock: it cannot go with PRODUCTION")

ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", default=("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")
SECRET_KEY = environment.secret_key("SECRET_KEY", file=DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS")

INSTALLED_APPS = [
    # Before the admin, whose templates it replaces.
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    # Only its static files: the page that shows the API needs no other server.
    "drf_spectacular_sidecar",
    "simple_history",
    "import_export",
    "django_q",
    "axes",
    "selflearn",
    "trading",
    "analytics",
]

MIDDLEWARE = [
    # Counts all requests.
    "analytics.api.probes.Probes",
    "django.middleware.security.SecurityMiddleware",
    "trading.api.middleware.RequestLog",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "analytics.api.probes.CommonExceptHealth",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    # Last: it turns the refusal of a locked login into its answer.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "selflearn.urls"
WSGI_APPLICATION = "selflearn.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# The database
DATABASE = environment.database("DATABASE_URL", default=DATA_DIR / "selflearn.sqlite3")
SQLITE = DATABASE["ENGINE"] == "django.db.backends.sqlite3"
SQLITE_BUSY_SECONDS = 20
if SQLITE:
    DATABASE["OPTIONS"] = {
        # A transaction takes the write lock when it begins: one that reads first and writes later
        # would otherwise be refused at once whenever another wrote in between.
        "transaction_mode": "IMMEDIATE",
        "timeout": SQLITE_BUSY_SECONDS,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # A file, not memory: threads and processes of tests then share it as in production.
    DATABASE["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    DATABASE["CONN_HEALTH_CHECKS"] = True
    DATABASE["OPTIONS"] = {
        "options": "-c statement_timeout=30s -c lock_timeout=5s"
        " -c idle_in_transaction_session_timeout=60s",
        # A server that vanished must not hold a request for minutes.
        "connect_timeout": 5,
        "tcp_user_timeout": 20_000,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        **DATABASE.get("OPTIONS", {}),
    }
# On SQLite too: opening the file and setting its PRAGMAs costs more than most queries.
DATABASE["CONN_MAX_AGE"] = 60
DATABASE["ATOMIC_REQUESTS"] = False
DATABASES: dict[str, dict[str, Any]] = {"default": DATABASE}

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# The worker: its jobs, and how patient its supervisor is (selflearn/worker/supervisor.py)
TIMETABLE = "analytics.jobs.tasks.TIMETABLE"
WORKER_PACE: dict[str, float] = {}


def _queue(workers: int, timeout: int) -> dict[str, int]:
    # A fetched task is delivered again after "retry": longer than it may run and wait before.
    retry = 3 * timeout + 2 * SQLITE_BUSY_SECONDS
    return {"workers": workers, "timeout": timeout, "queue_limit": workers, "retry": retry}


Q_CLUSTER: dict[str, Any] = {
    "name": "short",
    **_queue(workers=2, timeout=300),
    "ALT_CLUSTERS": {"long": _queue(workers=1, timeout=3600)},
    "orm": "default",
    "max_attempts": 3,
    "catch_up": False,
    "bulk": 1,
    "save_limit": 500,
    "save_limit_per": "func",
    # The supervisor replaces all processes together when one ends: rarely, then.
    "recycle": 10_000,
    "max_rss": 1_000_000,
    "guard_cycle": 2,
    "poll": 2,
    "time_zone": "UTC",
    "label": "Background tasks",
}

# Who gets in
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_IPWARE_PROXY_COUNT = PROXY_COUNT
AXES_IPWARE_META_PRECEDENCE_ORDER = (
    ("HTTP_X_FORWARDED_FOR", "REMOTE_ADDR") if PROXY_COUNT else ("REMOTE_ADDR",)
)

SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = ["^healthz$"]  # probes of a container come without HTTPS
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# Being preloaded into browsers binds a whole domain for years: its owner's decision, not ours.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
if PROXY_COUNT:
    # Only a proxy that is known to be there may say that the visitor came over HTTPS.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # Alpine, which the admin's pages are written for, evaluates attributes.
        "script-src": [SELF, UNSAFE_EVAL],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
    }
}

# The API of bots
API_RATE = environment.whole("API_RATE", default=600, low=1, high=1_000_000)
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "trading.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_AUTHENTICATION_CLASSES": ["trading.api.authentication.BearerToken"],
    "DEFAULT_PERMISSION_CLASSES": ["trading.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["trading.api.throttling.TokenRateThrottle"],
    "DEFAULT_PARSER_CLASSES": ["trading.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["trading.api.renderers.MsgspecJSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "trading.api.schema.EndpointSchema",
    "DEFAULT_THROTTLE_RATES": {"token": f"{API_RATE}/min"},
    "NUM_PROXIES": PROXY_COUNT,
    # Endpoints read ?format= themselves, like any other parameter.
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "selflearn",
    "DESCRIPTION": "The Bot API: what a trading bot sends and receives. See docs/api.md.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [],
}

# Who may read /metrics, beside bots' tokens
METRICS_TOKEN = environment.text("METRICS_TOKEN")

# Trades after a parameter change from which its outcome is shown
OUTCOME_TRADES = environment.whole("OUTCOME_TRADES", default=30, low=2, high=1_000_000)

# Static files straight from the packages: no step between a clone and a page. Of plotly only the
# script is served, found without importing the package, which takes a second.
STATIC_URL = "static/"
_plotly = find_spec("plotly")
STATICFILES_DIRS = [
    ("plotly", Path(folder) / "package_data")
    for folder in (_plotly.submodule_search_locations or () if _plotly else ())
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 600

# One address stands for all of Django's EMAIL_* settings.
globals().update(environment.email("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = environment.text("EMAIL_FROM") or "selflearn <selflearn@localhost>"
# Channels named by the environment, and hosts beside the internet that channels may reach.
NOTIFY_URLS = environment.words("NOTIFY_URLS")
NOTIFY_HOSTS = environment.words("NOTIFY_HOSTS")
# Where people reach this server; links in messages begin with it.
BASE_URL = environment.base_url("BASE_URL")

SIMPLE_HISTORY_ENFORCE_HISTORY_MODEL_PERMISSIONS = True
LOG_LEVEL = environment.level("LOG_LEVEL", default="INFO")
LOGGING = logging_config(level=LOG_LEVEL)
