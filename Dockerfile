# The manager alone: static, no shell, no package manager. Builds on the builder's own platform for any other.
ARG GO_VERSION=1.26
FROM --platform=$BUILDPLATFORM docker.io/library/golang:${GO_VERSION}-bookworm AS build
ARG TARGETOS TARGETARCH
ARG VERSION=unknown
WORKDIR /src
# What changes rarely comes first: the modules are downloaded again only when go.mod or go.sum change.
COPY go.mod go.sum ./
RUN go mod download
COPY api/ api/
COPY cmd/ cmd/
COPY controllers/ controllers/
# From here on nothing needs the network.
RUN CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH} GOFLAGS=-mod=readonly \
    go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/manager ./cmd/manager

FROM scratch
ARG VERSION=unknown
LABEL org.opencontainers.image.title="aurora-backtrack" \
      org.opencontainers.image.description="Rewinds Aurora MySQL clusters as Kubernetes objects ask for it" \
      org.opencontainers.image.source="https://github.com/aurora-backtrack/operator" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
# The CA roots, to know AWS by. Time zones are compiled in.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/manager /manager
# A number, so that runAsNonRoot can see that it is not root.
USER 65532:65532
ENTRYPOINT ["/manager"]
