# Built in two stages: the wheel (which carries the explorer), then a small image that runs it.
FROM python:3.13-slim AS build
WORKDIR /src
COPY . .
RUN pip install --no-cache-dir --require-hashes --prefix=/install -r requirements/run.txt \
 && pip install --no-cache-dir --no-deps --prefix=/install .

FROM python:3.13-slim
# Security updates are wanted, whatever their version:
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home poche \
 && install -d -o poche /var/lib/poche
COPY --from=build /install /usr/local
USER 10001
ENV POCHE_LOG=json POCHE_DATA=/var/lib/poche PYTHONUNBUFFERED=1
VOLUME /var/lib/poche
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["poche", "serve", "--host", "0.0.0.0"]
