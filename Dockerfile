# The service as one file in an image without a shell, for amd64 and arm64:
#   docker build -t processing-service .
#   docker buildx build --platform linux/amd64,linux/arm64 -t processing-service .
ARG DENO_VERSION=2.9.6

# Compiles on the machine's own architecture, also for the other one.
FROM --platform=$BUILDPLATFORM docker.io/denoland/deno:${DENO_VERSION} AS build
WORKDIR /build

# What is imported changes seldom: a layer of its own, by the lock file.
COPY deno.json deno.lock ./
COPY src/console/page/deno.json src/console/page/
RUN deno install --frozen

COPY tools/permissions.txt tools/compile.ts tools/
COPY tools/compile tools/compile
COPY main.ts ./
COPY src src
# What it was built from, as `processing-service --version` says it.
ARG REVISION=unknown
ARG TARGETARCH
RUN case "${TARGETARCH:-}" in \
      amd64) target="--target=linux-x64" ;; \
      arm64) target="--target=linux-arm64" ;; \
      "") target="" ;; \
      *) echo "Cannot compile for this architecture, choose amd64 or arm64: $TARGETARCH" >&2; exit 1 ;; \
    esac && \
    deno run -A tools/compile.ts --commit="$REVISION" $target && \
    mv dist/processing-service* processing-service

FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="processing-service" \
      org.opencontainers.image.description="Consumes user activity events from Kafka and never loses one" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /build/processing-service /usr/local/bin/processing-service
# Health must be reachable from outside the container; the heap follows the container's memory limit.
ENV HTTP_HOST=0.0.0.0 \
    DENO_USE_CGROUPS=1
# The home of nonroot is closed to any other user that a platform may choose.
WORKDIR /
USER nonroot
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/usr/local/bin/processing-service", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/processing-service"]
