# syntax=docker/dockerfile:1
#
#   docker build --tag flyball .                        for a machine or a cluster
#   docker build --target dyno --tag flyball-dyno .     for a dyno; heroku.yml has Heroku build it
#
# It stands here and not in packaging/ because Heroku builds with what lies beside the Dockerfile and nothing else.
# `packaging/try-image` lays out the same root without Docker, and tries it.

FROM rust:1.95-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates python3-venv tzdata
WORKDIR /src
COPY . .
RUN packaging/build && packaging/image-root "target/dist/$(uname -m)/flyball" /image

# Heroku starts commands by a shell, and tells what a release does by curl.
FROM debian:bookworm-slim AS dyno
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates curl tzdata \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /image/usr/local/bin/flyball /usr/local/bin/flyball
# What an app goes by that has no file of its own yet; one that lies in the repository, with what it includes, takes its place.
COPY packaging/dyno.toml /app/flyball.toml
COPY flyball.tom[l] /app/
COPY monitor[s] /app/monitors
WORKDIR /app
ENV FLYBALL_CONFIG=/app/flyball.toml
# Heroku takes another number by itself.
USER 10001:10001
CMD ["flyball", "up"]

# The binary, the authorities that TLS goes by, the time zones, and a place to remember in; no shell, no libraries and no root.
FROM scratch AS image
COPY --from=build /image /
COPY --from=build --chown=10001:10001 /image/var/lib/flyball /var/lib/flyball
ENV FLYBALL_CONFIG=/etc/flyball/flyball.toml \
    DATABASE_URL=sqlite:/var/lib/flyball/flyball.db
# A number, so that a cluster can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/flyball
VOLUME /var/lib/flyball
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["/usr/local/bin/flyball", "healthz", "--listen", "0.0.0.0:8080"]
ENTRYPOINT ["/usr/local/bin/flyball"]
CMD ["up", "--listen", "0.0.0.0:8080"]
