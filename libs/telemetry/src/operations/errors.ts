import { defineErrors } from "@tutti/kernel";

/** Errors of the operations endpoints. */
export const operationsErrors = defineErrors("operations", {
  unknownPath: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The operations endpoints have few paths, and the one asked for is none of them.",
    message: ({ path, known }: { path: string; known: readonly string[] }) =>
      `expected one of ${known.join(", ")}, found ${path}; correct the path`,
  },
  methodNotAllowed: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "The operations endpoints are only read: GET and HEAD. Answered over HTTP with 405.",
    message: ({ method, path }: { method: string; path: string }) =>
      `expected GET or HEAD for ${path}, found ${method}; use GET`,
  },
  hostUnknown: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The request names a host that is not this machine. A web page may have led the browser here (DNS rebinding). Use `127.0.0.1` or `localhost` in the address. To serve other names, set `operations.host` and `operations.key`. Answered over HTTP with 421.",
    message: ({ host }: { host: string }) =>
      `expected the name of this machine (127.0.0.1, localhost or [::1]) as Host, found ${JSON.stringify(host)}; use http://127.0.0.1 in the address`,
  },
  hostsDiffer: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request has several Host headers, or none. Proxies and servers may read different ones. Send one.",
    message: ({ found }: { found: number }) => `expected one Host header, found ${found}; send one`,
  },
  headersTooLong: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The address and the headers of a request together have at most 32 KiB at a gateway, and 8 KiB at other processes. Large values belong in the body. Answered over HTTP with 431.",
    message: () =>
      "expected an address and headers of at most 32 KiB together (8 KiB without a gateway), found more. Send large values in the body.",
  },
  requestLate: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "A connection was opened and its request did not arrive in time: 5 s for the headers, 60 s for the whole request. Check the network and the client. Answered over HTTP with 408.",
    message: () =>
      "expected the headers within 5 s and the whole request within 60 s, found it incomplete. Send it again.",
  },
  requestMalformed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The bytes on the connection are not an HTTP/1.1 request. Common causes are TLS on a port without TLS, a space in the address, and a wrong `Content-Length`.",
    message: ({ reason }: { reason: string }) =>
      `expected an HTTP/1.1 request, found ${reason}. Check the address, the headers and whether the client uses https.`,
  },
  expectationUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The header `Expect` has one value in HTTP: `100-continue`. Answered over HTTP with 417.",
    message: ({ found }: { found: string }) =>
      `expected 100-continue as Expect, found ${JSON.stringify(found)}. Remove the header.`,
  },
  keyNotSet: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "Other machines reach the port, and nothing says who may see figures and state of the process. Set `operations.key` to a secret, as `env:NAME` or `file:/path`, and have Prometheus show it; people see the same at `/v1/status` and `/v1/metrics` of the gateway, as themselves.",
    message: ({ host }: { host: string }) =>
      `expected operations.key where operations.host is ${host}, which other machines reach, found none; set it (env:NAME or file:/path) and send it as Authorization: Bearer`,
  },
  keyNeeded: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "Figures and state of a process that other machines reach are for whoever shows `operations.key`: in Prometheus by `authorization: {credentials_file: …}`. People see the same at `/v1/status` and `/v1/metrics` of the gateway, as themselves.",
    message: () =>
      "expected the key of the operations endpoints (operations.key), found none; send it as Authorization: Bearer",
  },
  keyWrong: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "What was shown is not `operations.key` of this process. Keys and tokens of people are for `/v1/status` and `/v1/metrics` of the gateway.",
    message: () =>
      "expected the key of the operations endpoints (operations.key), found another one; send what operations.key of this process refers to",
  },
  keyShort: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "`operations.key` can be guessed when it is short. Make one with `openssl rand -hex 32`.",
    message: ({ least, found }: { least: number; found: number }) =>
      `expected operations.key to have at least ${least} signs, found ${found}; make one with openssl rand -hex 32`,
  },
  portInUse: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "Another program, or another Tutti, listens on the port. Stop it, or choose another port with the setting that the message names.",
    message: ({ host, port, setting }: { host: string; port: number; setting: string }) =>
      `expected port ${port} of ${host} to be free, found it in use; stop what listens there, or set ${setting} to another port`,
  },
  listenRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The operating system does not let the process listen on the address: ports below 1024 need a privilege, and the host has to be one of this machine.",
    message: (given: { host: string; port: number; reason: string; settings: string }) =>
      `expected to listen on ${given.host} port ${given.port}, found ${given.reason}; set ${given.settings} to an address of this machine`,
  },
});
