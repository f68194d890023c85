import { defineErrors } from "@tutti/kernel";

/** Errors of the operations endpoints. */
export const operationsErrors = defineErrors("operations", {
  unknownPath: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The operations endpoints have few paths, and the requested path is not one of them.",
    message: ({ path, known }: { path: string; known: readonly string[] }) =>
      `Path ${path} not found. The paths are ${known.join(", ")}`,
    remedy: "Use one of these paths.",
  },
  methodNotAllowed: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "The operations endpoints are only read: GET and HEAD. Answered over HTTP with 405.",
    message: ({ method, path }: { method: string; path: string }) => `${path} does not support ${method}`,
    remedy: "Use GET.",
  },
  hostUnknown: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The request names a host that is not this machine. A web page may have led the browser here (DNS rebinding). Use `127.0.0.1` or `localhost` in the address. To serve other names, set `operations.host` and `operations.key`. Answered over HTTP with 421.",
    message: ({ host }: { host: string }) =>
      `The Host header ${JSON.stringify(host)} is not a name of this machine (127.0.0.1, localhost or [::1])`,
    remedy: "Use http://127.0.0.1 in the URL.",
  },
  hostsDiffer: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request has several Host headers, or none. Proxies and servers may read different headers. Send one Host header.",
    message: ({ found }: { found: number }) => `The request has ${found} Host headers`,
    remedy: "Send one Host header.",
  },
  headersTooLong: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The address and the headers of a request together have at most 32 KiB at a gateway, and 8 KiB at other processes. Large values belong in the body. Answered over HTTP with 431.",
    message: () => "The address and the headers together exceed 32 KiB (8 KiB without a gateway)",
    remedy: "Send large values in the body.",
  },
  requestLate: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "A connection was opened and its request did not arrive in time: 5 s for the headers, 60 s for the whole request. Check the network and the client. Answered over HTTP with 408.",
    message: () => "The headers did not arrive within 5 s, or the whole request not within 60 s",
    remedy: "Send the request again.",
  },
  requestMalformed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The bytes on the connection are not an HTTP/1.1 request. Common causes are TLS on a port without TLS, a space in the address, and a wrong `Content-Length`.",
    message: ({ reason }: { reason: string }) => `The bytes are not an HTTP/1.1 request: ${reason}`,
    remedy: "Check the address, the headers and whether the client uses https.",
  },
  expectationUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "HTTP defines one value of the header `Expect`: `100-continue`. Answered over HTTP with 417.",
    message: ({ found }: { found: string }) =>
      `\`Expect\`: expected 100-continue, got ${JSON.stringify(found)}`,
    remedy: "Remove the header.",
  },
  keyNotSet: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "Other machines reach the port, and no key protects metrics and state of the process. Set `operations.key` to a secret, as `env:NAME` or `file:/path`, and have Prometheus show it. People see the same at `/v1/status` and `/v1/metrics` of the gateway, as themselves.",
    message: ({ host }: { host: string }) =>
      `\`operations.key\` is not set, and other machines can reach ${host} (\`operations.host\`)`,
    remedy: "Set it to `env:NAME` or `file:/path`, and send it as `Authorization: Bearer`.",
  },
  keyNeeded: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "Figures and state of a process that other machines reach need `operations.key`. In Prometheus, set `authorization: {credentials_file: …}`. People see the same at `/v1/status` and `/v1/metrics` of the gateway, as themselves.",
    message: () => "The request has no key of the operations endpoints (`operations.key`)",
    remedy: "Send it as `Authorization: Bearer`.",
  },
  keyWrong: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The key in the request is not `operations.key` of this process. Keys and tokens of users are for `/v1/status` and `/v1/metrics` of the gateway.",
    message: () => "The key is not the key of the operations endpoints (`operations.key`)",
    remedy: "Send the key that `operations.key` of this process refers to.",
  },
  keyShort: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A short `operations.key` can be guessed. Create one with `openssl rand -hex 32`.",
    message: ({ least, found }: { least: number; found: number }) =>
      `\`operations.key\`: expected at least ${least} characters, got ${found}`,
    remedy: "Create one with `openssl rand -hex 32`.",
  },
  portInUse: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "Another program, or another Tutti, listens on the port. Stop it, or choose another port with the setting that the message names.",
    message: ({ host, port }: { host: string; port: number; setting: string }) =>
      `Port ${port} of ${host} is in use`,
    remedy: ({ setting }: { host: string; port: number; setting: string }) =>
      `Stop the process that listens there, or set \`${setting}\` to another port.`,
  },
  listenRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The operating system does not let the process listen on the address. Ports below 1024 need a privilege, and the host must be an address of this machine.",
    message: (parameters: { host: string; port: number; reason: string; settings: string }) =>
      `Cannot listen on ${parameters.host} port ${parameters.port}: ${parameters.reason}`,
    remedy: (parameters: { host: string; port: number; reason: string; settings: string }) =>
      `Set ${parameters.settings} to an address of this machine.`,
  },
});
