"""The only settings file. Every value comes from the environment; `.env.example` lists them all."""

import shlex
import sys
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from core import safety
from core.logs import configure_logging

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules or "test" in sys.argv

env = environ.FileAwareEnv()
if not TESTING:
    env.read_env(BASE_DIR / ".env")

# --- how it runs ------------------------------------------------------------
# "embedded": one machine, loopback, SQLite, plain HTTP. "production": behind a TLS proxy.
PROFILE = env.str("PRM_PROFILE", "embedded")
PRODUCTION = PROFILE == "production"
DEBUG = env.bool("DEBUG", False)
VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
EMBEDDED_SECRET = "embedded-only-secret-refused-outside-loopback-0123456789abcdef"
SECRET_KEY = env.str("SECRET_KEY", EMBEDDED_SECRET)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Hashes of erased people's addresses are kept for years: with a key of their own they survive a new SECRET_KEY.
PRIVACY_KEYS = [env.str("PRIVACY_KEY", "") or SECRET_KEY, SECRET_KEY, *SECRET_KEY_FALLBACKS]
ERASURE_LOG = Path(env.str("ERASURE_LOG", str(VAR_DIR / "erasures.jsonl")))
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
BASE_URL = env.str("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[BASE_URL])
PROXY_COUNT = env.int("PROXY_COUNT", 1 if PRODUCTION else 0)
ORGANISATION = env.str("ORGANISATION", "Our company")
REPORTING_CURRENCY = env.str("REPORTING_CURRENCY", "EUR")
HOME_COUNTRY = env.str("HOME_COUNTRY", "")
# For trying things on one machine: lets outbound requests reach loopback, in plain HTTP. Refused in production.
OUTBOUND_ALLOW_LOOPBACK = env.bool("OUTBOUND_ALLOW_LOOPBACK", False)
REPORTING_TIME_ZONE = env.str("REPORTING_TIME_ZONE", "UTC")

INSTALLED_APPS = [
    "prm.apps.AuditedAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_structlog",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "core",
    "accounts",
    "partners",
    "deals",
    "lifecycle",
    "engagement",
    "enablement",
    "health",
    "workspace",
    "privacy",
    "portal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "core.middleware.response_headers",
    "csp.middleware.CSPMiddleware",
    "core.middleware.probes",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.gate.log_in_gate",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.note_refusals",
    "accounts.middleware.login_required",
    "accounts.second_step.second_step_door",
    "partners.middleware.portal_wall",
    "accounts.middleware.user_time_zone",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "prm.urls"
WSGI_APPLICATION = "prm.wsgi.application"
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
                "core.context.shell",
                "workspace.context.nav_counts",
                "portal.context.portal",
                "accounts.context.bell",
            ],
            "builtins": ["django.templatetags.i18n", "core.templatetags.prm"],
        },
    },
]

# --- database ---------------------------------------------------------------
DATABASES = {"default": env.db("DATABASE_URL", f"sqlite:///{VAR_DIR / 'prm.sqlite3'}")}
SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
            "PRAGMA recursive_triggers=ON; PRAGMA busy_timeout=20000;"
        ),
    }
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
else:
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),  # sslmode and the like from the query of the URL
        "application_name": "prm",
        "options": "-c statement_timeout=15000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=15000",
    }
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# The log-in of web, worker and beat, made by `migrate`, which alone runs as the owner of the tables (reliability R5).
DATABASE_WEB_ROLE = env.str("DATABASE_WEB_ROLE", "")
DATABASE_WEB_PASSWORD = env.str("DATABASE_WEB_PASSWORD", "")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Throttling counters live in the database so that they survive a Redis stop (reliability P7, P20).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "django_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# --- people -----------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "accounts.hashers.OneCoreArgon2PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.OwnWordsValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "partners.adapter.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "accounts.forms.ResetPasswordForm"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "accounts.reset_links.ResetLinks"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True  # the mailed link lets in who is locked out by somebody's guesses (P7)
ACCOUNT_RATE_LIMITS = {
    "login": None,  # passwords are counted by accounts/attempts.py: exact, and a refusal waits for no lock
    "login_failed": "10/15m/key",  # one-time codes
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/h/ip",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = PROXY_COUNT
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_FORMS = {"add_webauthn": "accounts.forms.AddPasskeyForm"}
MFA_ADAPTER = "accounts.mfa.MFAAdapter"
MFA_TOTP_ISSUER = ORGANISATION
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODE_DIGITS = 12
MFA_RECOVERY_CODES_SHOW_ONCE = True
STAFF_SECOND_STEP = env.bool("STAFF_SECOND_STEP", PRODUCTION)
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # http://localhost, where browsers offer passkeys too
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # names of people stay out of cookies
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_SECONDS = 3 * 3600

# --- web --------------------------------------------------------------------
SECURE_COOKIES = PRODUCTION and BASE_URL.startswith("https://")
SESSION_COOKIE_NAME = "__Host-prm_session" if SECURE_COOKIES else "prm_session"
CSRF_COOKIE_NAME = "__Host-prm_csrf" if SECURE_COOKIES else "prm_csrf"
DEVICE_COOKIE_NAME = "__Host-prm_device" if SECURE_COOKIES else "prm_device"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "core.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = SECURE_COOKIES and env.bool("SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^api/"]  # core.middleware refuses the last over plain HTTP
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 31536000 if SECURE_COOKIES else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_SECONDS > 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXY_COUNT else None
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # HSTS preload is a decision for the owner of the domain
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
        "report-uri": "/csp-report",
        **({"upgrade-insecure-requests": True} if SECURE_COOKIES else {}),
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
DATA_UPLOAD_MAX_NUMBER_FILES = 1
# Bounds what is read of a file before any view runs, and writes to VAR_DIR/files only (reliability P27).
FILE_UPLOAD_HANDLERS = ["core.uploads.BoundedUploadHandler"]
FILE_MAX_BYTES = env.int("FILE_MAX_MB", 25) * 1024 * 1024
FILE_QUOTA_BYTES = env.int("FILE_QUOTA_MB", 500) * 1024 * 1024  # of one partner, both sides together
FILE_SCAN_COMMAND = shlex.split(env.str("FILE_SCAN_COMMAND", ""))

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR / "files"}},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español")]  # each whole below `locale`
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# --- mail -------------------------------------------------------------------
# Without EMAIL_URL every mail stays in the outbox page; nothing is lost.
EMAIL_URL = env.str("EMAIL_URL", "")
if EMAIL_URL:
    vars().update(env.email("EMAIL_URL"))
MAIL_CONFIGURED = bool(EMAIL_URL)
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", "prm@localhost")

# --- background work ----------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", "")
_BROKER_DIR = VAR_DIR / "broker"
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 600,
        "unacked_restore_throttle": 1,
        "socket_timeout": 3,
        "socket_connect_timeout": 1,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }
else:
    CELERY_BROKER_URL = "filesystem://localhost/"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_BROKER_DIR / "queue"),
        "data_folder_out": str(_BROKER_DIR / "queue"),
        "control_folder": str(_BROKER_DIR / "control"),
        "processed_folder": str(_BROKER_DIR / "processed"),
        "polling_interval": 0.1,
    }
    for _folder in ("queue", "control", "processed"):
        (_BROKER_DIR / _folder).mkdir(parents=True, exist_ok=True)
CELERY_TASK_ALWAYS_EAGER = TESTING
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
# Intervals only, in UTC: which local day or hour is due is decided from rows (reliability R29).
CELERY_BEAT_SCHEDULE = {
    "core.sweep_outbox": {"task": "core.sweep_outbox", "schedule": timedelta(seconds=15)},
    "core.heartbeat": {"task": "core.heartbeat", "schedule": timedelta(seconds=60)},
    "accounts.seal_audit": {"task": "accounts.seal_audit", "schedule": timedelta(minutes=1)},
    "accounts.verify_audit": {"task": "accounts.verify_audit", "schedule": timedelta(hours=1)},
    "privacy.keep_schedule": {"task": "privacy.keep_schedule", "schedule": timedelta(hours=1)},
    "health.compute_due": {"task": "health.compute_due", "schedule": timedelta(minutes=5)},
    "engagement.plan_reviews": {"task": "engagement.plan_reviews", "schedule": timedelta(minutes=15)},
    "workspace.plan_reviews": {"task": "workspace.plan_reviews", "schedule": timedelta(hours=1)},
    "enablement.sweep_files": {"task": "enablement.sweep_files", "schedule": timedelta(minutes=5)},
    "enablement.tell_recent_news": {"task": "enablement.tell_recent_news", "schedule": timedelta(minutes=15)},
    "engagement.queue_due_reminders": {"task": "engagement.queue_due_reminders", "schedule": timedelta(minutes=5)},
    "engagement.tell_due_commitments": {"task": "engagement.tell_due_commitments", "schedule": timedelta(hours=1)},
    "accounts.send_digests": {"task": "accounts.send_digests", "schedule": timedelta(minutes=5)},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
HEALTH_CHUNK = 500
HEALTH_DEBOUNCE_SECONDS = 300

# --- API ----------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.ApiAccess"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "prm.api.exception_handler",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.parsers.StrictJSONParser"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
REST_KNOX = {
    "TOKEN_MODEL": "accounts.ApiToken",
    "TOKEN_PREFIX": "prm_",
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": timedelta(days=90),
}
KNOX_TOKEN_MODEL = "accounts.ApiToken"
SPECTACULAR_SETTINGS = {
    "TITLE": "Partner relationship management API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "RevenueKindEnum": ["sale", "reversal"],
        "TouchKindEnum": ["call", "mail", "meeting", "portal", "note"],
        "MeetingKindEnum": ["qbr", "check_in", "executive", "transition"],
        "MeetingStatusEnum": ["planned", "confirmed", "held", "missed", "cancelled"],
        "AgreedKindEnum": ["decision", "action"],
        "ContactRoleEnum": ["champion", "sponsor", "seller", "technical", "other"],
        "PortalRoleEnum": ["partner_admin", "partner_seller", "partner_viewer"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api_schema.document_errors",
    ],
}

# --- refuses to start unsafe (reliability P41) ---------------------------------------
if _unsafe := safety.problems(
    production=PRODUCTION,
    debug=DEBUG,
    secret_key=SECRET_KEY,
    embedded_secret=EMBEDDED_SECRET,
    allowed_hosts=ALLOWED_HOSTS,
    base_url=BASE_URL,
    sqlite=SQLITE,
    outbound_loopback=OUTBOUND_ALLOW_LOOPBACK,
):
    raise ImproperlyConfigured("This configuration is not safe to serve:\n- " + "\n- ".join(_unsafe))

# --- logs: JSON, UTC, request id, no personal data (reliability R70) ---------------
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOGGING = configure_logging(level=LOG_LEVEL, human=env.bool("LOG_HUMAN", False))
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = "uid"
