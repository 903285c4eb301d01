# glasstcp in a small image: built from source in a first stage, run by a second one that holds the program, curl,
# tcpdump and nftables.
#
#   docker build -t glasstcp .
#   docker run --rm --cap-add=NET_ADMIN --device=/dev/net/tun --sysctl net.ipv4.ip_forward=1 \
#     --sysctl net.ipv6.conf.all.disable_ipv6=0 -p 127.0.0.1:8080:80 glasstcp
ARG BASE=debian:bookworm-slim

# What both stages begin with. APT_MIRROR is a host, as in --build-arg APT_MIRROR=mirrors.tuna.tsinghua.edu.cn.
FROM ${BASE} AS base
ARG APT_MIRROR=
RUN [ -z "$APT_MIRROR" ] || sed -Ei "s#https?://[^/ ]+#http://${APT_MIRROR#*://}#" \
      $(ls /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null)

FROM base AS build
WORKDIR /src
COPY scripts/setup scripts/
RUN scripts/setup build web
# Where the packages of the lab page come from, if not from npm's own registry: a URL.
ARG NPM_REGISTRY=
RUN [ -z "$NPM_REGISTRY" ] || npm config set registry "$NPM_REGISTRY"
COPY . .
# The lab page and the live view. Behind a proxy that opens TLS, as schools and companies have, npm's certificates are
# not known here: then npm does not look at them, since it checks each package against the hash in package-lock.json.
# Where npm's packages cannot be had at all, the image is made without these pages and says so; with
# --build-arg LAB_PAGE=required it is not made.
ARG LAB_PAGE=auto
RUN scripts/build page || { npm config set strict-ssl false && scripts/build page; } \
      || { [ "$LAB_PAGE" = auto ] && rm -rf build/web \
      && echo "the lab page is left out, for the reason above; if it is npm: NPM_REGISTRY" >&2; }
# The C++ runtime and fmt go into the program, so that the second stage needs neither.
RUN scripts/build release glasstcp -DGLASSTCP_TESTS=OFF -DCMAKE_CXX_FLAGS=-DFMT_HEADER_ONLY \
      -DCMAKE_EXE_LINKER_FLAGS="-static-libstdc++ -static-libgcc -Wl,--as-needed" \
    && strip build/glasstcp build/glasstcp-capture build/glasstcp-report \
    && for library in $(ldd build/glasstcp build/glasstcp-capture build/glasstcp-report | awk '$3 ~ /^\// {print $3}'); do \
         dpkg -S "*/$(basename "$(readlink -f "$library")")"; \
       done | cut -d: -f1 | sort -u >build/packages

FROM base
COPY --from=build /src/build/packages /tmp/packages
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
         $(cat /tmp/packages) curl tcpdump nftables media-types >/dev/null \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /tmp/packages
COPY --from=build /src/build/glasstcp /src/build/glasstcp-capture /src/build/glasstcp-report /usr/local/bin/
COPY scripts/docker-entrypoint /usr/local/bin/
# The usual sign for programs that word their advice by it.
ENV container=oci
EXPOSE 80
HEALTHCHECK --interval=60s --timeout=5s --start-period=5s CMD ["glasstcp", "doctor", "--serving"]
ENTRYPOINT ["docker-entrypoint"]
