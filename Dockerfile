# fetchpoold and its command line in a small image: the two programs, the libraries that they are linked with, certificate
# authorities, and nothing else. No shell, no root, no writable place needed.
#   docker build -t fetchpool .
#   docker run --rm --read-only --cap-drop=ALL -p 127.0.0.1:8080:8080 -e FETCHPOOL_AUTH_ALLOW_ANONYMOUS=yes fetchpool
# Debian's fixes come with a build that takes nothing from before: docker build --pull --no-cache -t fetchpool .

FROM debian:bookworm-slim AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get upgrade -y \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        gcc libc6-dev ninja-build cmake pkg-config ca-certificates \
        libmicrohttpd-dev libcurl4-openssl-dev libc-ares-dev libcjson-dev libinih-dev libgoogle-perftools-dev \
        libsystemd-dev libssl-dev zlib1g-dev libbrotli-dev libzstd-dev libgnutls28-dev
COPY . /src
# A release is what the package has, without the debug information, which would only be stripped.
RUN cmake -S /src -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DFETCHPOOL_TESTS=OFF -DFETCHPOOL_WERROR=OFF \
        -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_SYSCONFDIR=/etc \
    && cmake --build /build --parallel "$(nproc)" \
    && DESTDIR=/installed cmake --install /build --strip
# What is not found by ldd is loaded by nothing: glibc has the modules for /etc/hosts and the DNS in itself.
RUN mkdir -p /image/usr/lib/ssl /image/usr/lib64 /image/etc/ssl/certs /image/var/lib/dpkg/status.d \
    && ln -s usr/lib usr/lib64 /image/ \
    && cp -a /installed/usr/bin /image/usr/ && cp -a /installed/etc/fetchpool /image/etc/ \
    && ldd /image/usr/bin/* | sed -n 's|^[^/]*\(/[^ ]*\) (0x.*|\1|p' | sort -u >/libraries \
    && xargs cp --parents --dereference --target-directory=/image </libraries \
    && cp --dereference /usr/lib/ssl/openssl.cnf /image/usr/lib/ssl/ \
    && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
    && cp --dereference /etc/os-release /etc/debian_version /image/etc/ \
    && echo 'hosts: files dns' >/image/etc/nsswitch.conf \
    && echo 'fetchpool:x:10001:10001::/nonexistent:/usr/sbin/nologin' >/image/etc/passwd \
    && echo 'fetchpool:x:10001:' >/image/etc/group
# Whose these files are: for licences, and for scanners that look for what has been fixed since.
RUN sed 's|.*/|*/|' /libraries | xargs dpkg-query --search | sed 's/:.*//' | sort -u >/packages \
    && printf '%s\n' base-files ca-certificates openssl >>/packages \
    && xargs dpkg-query --status </packages >/status \
    && awk -v RS= '{ file = "/image/var/lib/dpkg/status.d/" $2; print >file; close(file) }' /status \
    && sed 's|.*|/usr/share/doc/&/copyright|' /packages | xargs cp --parents --dereference --target-directory=/image \
    && mkdir -p /image/usr/share/doc/fetchpool && cp /src/LICENSE /image/usr/share/doc/fetchpool/copyright

FROM scratch
COPY --from=build /image/ /
LABEL org.opencontainers.image.title="fetchpool" \
      org.opencontainers.image.description="Fetches lists of URLs for other programs" \
      org.opencontainers.image.licenses="MIT"
# All IPv4 addresses of the container; which of them the world reaches is said by --publish, which the daemon cannot see. So
# it wants FETCHPOOL_AUTH_TOKEN_FILE, or to be told by FETCHPOOL_AUTH_ALLOW_ANONYMOUS=yes that nobody else reaches it.
ENV PATH=/usr/bin FETCHPOOL_SERVER_LISTEN=0.0.0.0:8080
EXPOSE 8080
USER 10001:10001
STOPSIGNAL SIGTERM
# By the settings of the environment and of a mounted file: wherever it listens, and whether by TLS or not.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 CMD ["/usr/bin/fetchpoold", "--health"]
ENTRYPOINT ["/usr/bin/fetchpoold"]
