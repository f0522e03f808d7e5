"""Django's settings, made from `paas.config`. Wiring only."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import django

from apps.lib.versions import version_of
from paas.celery import app as celery_app  # noqa: F401 - every Django process wakes the workers up through it
from paas.config import ROOT, config

CONFIG = SLIPWAY = config()

BASE_DIR = ROOT
SECRET_KEY = CONFIG.secret_key.get_secret_value()
DEBUG = CONFIG.debug
DASHBOARD = urlsplit(CONFIG.url)
SECURE = DASHBOARD.scheme == "https"
ALLOWED_HOSTS = list(dict.fromkeys([DASHBOARD.hostname or "localhost", CONFIG.bind, "localhost", "127.0.0.1", "[::1]"]))
if CONFIG.bind in ("0.0.0.0", "::") and not CONFIG.dashboard_url:
    ALLOWED_HOSTS = ["*"]  # Asked to listen everywhere without a name: any name of this machine is right.
CSRF_TRUSTED_ORIGINS = [CONFIG.url]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "ninja",
    "axes",
    "channels",
    "social_django",
    "apps.accounts",
    "apps.projects",
    "apps.hosts",
    "apps.github",
    "apps.deployments",
    "apps.feedback",
    "apps.previews",
    "apps.webhooks",
]

MIDDLEWARE = [
    "apps.lib.middleware.request_id",
    "django.middleware.security.SecurityMiddleware",
    "apps.lib.assets.static_files",
    "django.middleware.gzip.GZipMiddleware",  # CSRF tokens are masked, and Django varies the length (BREACH).
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.lib.middleware.content_security_policy",
    "apps.lib.middleware.errors",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "paas.urls"
ASGI_APPLICATION = "paas.asgi.application"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # Hours.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "email"
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "accounts/locked_out.html"

LOADERS = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {
            "loaders": LOADERS if DEBUG else [("django.template.loaders.cached.Loader", LOADERS)],
            "builtins": [
                "apps.lib.templatetags.slipway",
                "apps.lib.templatetags.addresses",
                "django_cotton.templatetags.cotton",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.lib.look.theme",
                "apps.accounts.session.own_teams",
                "apps.projects.environments.asked",
            ],
        },
    }
]
COTTON_ISOLATE_BY_DEFAULT = True  # A component sees what it is given.


def _database(url: str) -> dict[str, object]:
    """A `postgresql://user:password@host:port/name?host=/socket/folder` as Django wants it."""
    parts = urlsplit(url)
    query = {k: v[-1] for k, v in parse_qs(parts.query).items()}
    host = query.pop("host", "") or parts.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_HEALTH_CHECKS": True,  # After a restart of the server the pool holds dead connections.
        "OPTIONS": {**query, "pool": {"min_size": 1, "max_size": 24, "timeout": 10, "max_idle": 5}},
    }


DATABASES = {"default": _database(CONFIG.database_url.get_secret_value())}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = CONFIG.redis_url.get_secret_value()
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # The layer's blocking reads last 5 s, and so does redis-py's own timeout: it would end quiet sockets.
            "hosts": [{"address": REDIS_URL, "socket_timeout": 30}],
            "prefix": f"slipway:{CONFIG.instance}",
            "expiry": 20,
            "capacity": 500,
        },
    }
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_PREFETCH_COUNT_REDUCTION = False  # Each queue's is set by `paas.worker`, after a reconnect too.
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": CONFIG.build_timeout_ceiling_seconds + 3600,
    "global_keyprefix": f"slipway:{CONFIG.instance}:",
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
    "retry_on_timeout": True,
}
CELERY_TASK_PUBLISH_RETRY = False  # A lost wake-up is made good by the reconciler; a request must not wait for Valkey.
CELERY_TASK_ROUTES = {
    "apps.deployments.tasks.run_build": {"queue": "build"},
    "apps.deployments.tasks.run_deploy": {"queue": "deploy"},
}
CELERY_TASK_DEFAULT_QUEUE = "quick"

# What the reconciler also runs, each in a thread of its own: a function without arguments -> seconds between two runs.
PERIODIC: dict[str, float] = {
    "apps.hosts.metrics.forget_old": 600,
    "apps.github.sign_in_tidying.forget_states": 3600,
    "apps.github.staying.look_again": 60,
    "apps.feedback.outbox.look_and_drain": 5,
    "apps.feedback.noticing.forget": 3600,
    "apps.previews.periodic.tidy": 20,
    "apps.previews.periodic.find_open": 20,
    "apps.webhooks.periodic.take_up": 5,
    "apps.webhooks.periodic.forget": 600,
    "apps.webhooks.checked.look_at_held": 10,
    "apps.webhooks.catch_up.catch_up": 60,
}

PULL_REQUESTS = "apps.previews.shown.Previews"  # See `apps.github.pulls`.

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SESSION_COOKIE_NAME = "__Host-slipway" if SECURE else "slipway"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-slipway-csrf" if SECURE else "slipway-csrf"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

STATICFILES_DIRS = [ROOT / "static"]
STATIC_URL = f"static/{version_of(STATICFILES_DIRS, django.__version__)}/"
WHITENOISE_USE_FINDERS = True  # Served from the checkout: nothing has to be collected before the first page.
WHITENOISE_AUTOREFRESH = DEBUG
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # A constraint on the lower-case address makes it unique.
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)-7s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "uvicorn.access": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
