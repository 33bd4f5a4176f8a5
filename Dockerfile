# fetchpoold and its command line in a small image: no compiler, no root, no writable place needed.
#   docker build -t fetchpool .
#   docker run --rm --read-only --cap-drop=ALL -p 127.0.0.1:8080:8080 -e FETCHPOOL_AUTH_ALLOW_ANONYMOUS=yes fetchpool

FROM debian:bookworm-slim AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        gcc libc6-dev make cmake pkg-config \
        libmicrohttpd-dev libcurl4-openssl-dev libc-ares-dev libcjson-dev libinih-dev libgoogle-perftools-dev \
        libsystemd-dev libssl-dev zlib1g-dev libbrotli-dev libzstd-dev libgnutls28-dev
COPY . /src
RUN cmake -S /src -B /build -DCMAKE_BUILD_TYPE=RelWithDebInfo -DFETCHPOOL_TESTS=OFF -DFETCHPOOL_WERROR=OFF \
        -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_SYSCONFDIR=/etc \
    && cmake --build /build --parallel "$(nproc)" \
    && DESTDIR=/image cmake --install /build --strip

FROM debian:bookworm-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates libmicrohttpd12 libgnutls30 libcurl4 libc-ares2 libcjson1 libinih1 libsystemd0 libtcmalloc-minimal4 \
        zlib1g libbrotli1 libzstd1 \
    && rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log /var/cache/debconf/*-old \
    && groupadd --gid 10001 fetchpool \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin fetchpool
COPY --from=build /image/usr/bin/ /usr/bin/
COPY --from=build /image/etc/fetchpool/ /etc/fetchpool/
LABEL org.opencontainers.image.title="fetchpool" \
      org.opencontainers.image.description="Fetches lists of URLs for other programs" \
      org.opencontainers.image.licenses="MIT"
# All addresses of the container; which of them the world reaches is said by --publish, which the daemon cannot see. So
# it wants FETCHPOOL_AUTH_TOKEN_FILE, or to be told by FETCHPOOL_AUTH_ALLOW_ANONYMOUS=yes that nobody else reaches it.
ENV FETCHPOOL_SERVER_LISTEN=0.0.0.0:8080
EXPOSE 8080
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 \
    CMD ["/usr/bin/fetchpool", "--timeout", "3", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["/usr/bin/fetchpoold"]
