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

COPY tools/permissions.txt tools/
COPY main.ts ./
COPY src src
ARG TARGETARCH
RUN case "${TARGETARCH:-}" in \
      amd64) target="--target=x86_64-unknown-linux-gnu" ;; \
      arm64) target="--target=aarch64-unknown-linux-gnu" ;; \
      "") target="" ;; \
      *) echo "Cannot compile for this architecture, choose amd64 or arm64: $TARGETARCH" >&2; exit 1 ;; \
    esac && \
    deno compile $(cat tools/permissions.txt) --exclude-unused-npm --no-code-cache $target \
      -o dist/processing-service main.ts

FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="processing-service" \
      org.opencontainers.image.description="Consumes user activity events from Kafka and never loses one" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /build/dist/processing-service /usr/local/bin/processing-service
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
