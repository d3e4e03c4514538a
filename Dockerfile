# The image of Midwatch: `docker build -t midwatch:0.1.0 .`; `docker run midwatch:0.1.0 demo` needs nothing else.
# The names of both images are pinned to a release; put a digest behind them (@sha256:...) where you need the same bytes.

FROM rust:1.95.0-bookworm AS build
WORKDIR /src
# Not rust-toolchain.toml: it would fetch formatter and lints, and the image is of that version (a test compares them).
COPY Cargo.toml Cargo.lock deny.toml ./
COPY core core
COPY adapters adapters
COPY config config
COPY bot bot
COPY tests tests
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --locked --release --package midwatch && cp target/release/midwatch /usr/local/bin/midwatch

FROM debian:12.12-slim
# Authorities for those it talks to; nothing else is needed beside the binary.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /usr/local/bin/midwatch /usr/local/bin/midwatch
COPY LICENSE /usr/share/doc/midwatch/LICENSE
RUN install -d -o 65532 -g 65532 -m 0750 /var/lib/midwatch
ENV STATE_DIRECTORY=/var/lib/midwatch
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
WORKDIR /var/lib/midwatch
EXPOSE 8080
ENTRYPOINT ["midwatch"]
CMD ["serve"]
