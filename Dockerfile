# The production image: no compiler, no npm, no root. Build it with `docker compose build`.

# --- front-end files: npm lives only here ------------------------------------------
FROM node:22-bookworm AS assets
WORKDIR /srv/prm
COPY package.json package-lock.json .npmrc ./
COPY tools/ tools/
COPY static/ static/
COPY core/icons.py core/icons.py
RUN python3 tools/assets.py --strict

# --- packages: locked, every file checked against its hash ---------------------------
FROM python:3.12-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.lock ./
RUN /opt/venv/bin/pip install --require-hashes --no-deps -r requirements.lock

# --- what runs -------------------------------------------------------------------------
FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="prm" \
      org.opencontainers.image.description="Self-hosted partner relationship management" \
      org.opencontainers.image.licenses="AGPL-3.0-or-later"
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PRM_PROFILE=production \
    STATIC_ROOT=/srv/static \
    VAR_DIR=/srv/var
RUN groupadd --gid 10001 prm \
 && useradd --uid 10001 --gid prm --home-dir /srv/prm --no-create-home --shell /usr/sbin/nologin prm \
 && install -d -o prm -g prm /srv/var /srv/static
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/prm
COPY . .
COPY --from=assets /srv/prm/static/vendor static/vendor
# The embedded profile needs no secret, and collecting files touches no database.
RUN python tools/messages.py compile \
 && PRM_PROFILE=embedded VAR_DIR=/tmp/build python manage.py collectstatic --no-input --verbosity 0 \
 && rm -rf /tmp/build \
 && python -m compileall -q /srv/prm /opt/venv/lib
USER prm
VOLUME /srv/var
EXPOSE 8000
CMD ["gunicorn", "prm.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", \
     "--worker-tmp-dir", "/dev/shm", "--max-requests", "2000", "--max-requests-jitter", "200", "--no-control-socket"]
