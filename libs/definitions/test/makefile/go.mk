BINARY := shop
VERSION ?= $(shell git describe --tags --always)
LDFLAGS += -X main.version=$(VERSION)

.PHONY: all build test lint clean
all: lint test build

build:
	go build -ldflags "$(LDFLAGS)" -o bin/$(BINARY) ./cmd/$(BINARY)

test: export CGO_ENABLED = 1
test:
	go test -race ./...

lint: ; golangci-lint run

clean:
	rm -rf bin
