import { defineErrors } from "@tutti/kernel";

/** What goes wrong at the operations endpoints. */
export const operationsErrors = defineErrors("operations", {
  unknownPath: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The operations endpoints have few paths, and the one asked for is none of them.",
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
    help: "The request has several Host headers. Proxies and servers may read different ones. Send one.",
    message: ({ found }: { found: number }) => `The request has ${found} Host headers`,
    remedy: "Send one Host header.",
  },
  keyNotSet: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "Other machines reach the port, and nothing says who may see figures and state of the process. Set `operations.key` to a secret, as `env:NAME` or `file:/path`, and have Prometheus show it; people see the same at `/v1/status` and `/v1/metrics` of the gateway, as themselves.",
    message: ({ host }: { host: string }) =>
      `\`operations.key\` is not set, and other machines can reach ${host} (\`operations.host\`)`,
    remedy: "Set it to `env:NAME` or `file:/path`, and send it as `Authorization: Bearer`.",
  },
  keyNeeded: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "Figures and state of a process that other machines reach are for whoever shows `operations.key`: in Prometheus by `authorization: {credentials_file: …}`. People see the same at `/v1/status` and `/v1/metrics` of the gateway, as themselves.",
    message: () => "The request has no key of the operations endpoints (`operations.key`)",
    remedy: "Send it as `Authorization: Bearer`.",
  },
  keyWrong: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "What was shown is not `operations.key` of this process. Keys and tokens of people are for `/v1/status` and `/v1/metrics` of the gateway.",
    message: () => "The key is not the key of the operations endpoints (`operations.key`)",
    remedy: "Send the key that `operations.key` of this process refers to.",
  },
  keyShort: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "`operations.key` can be guessed when it is short. Make one with `openssl rand -hex 32`.",
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
    help: "The operating system does not let the process listen on the address: ports below 1024 need a privilege, and the host has to be one of this machine.",
    message: (given: { host: string; port: number; reason: string; settings: string }) =>
      `Cannot listen on ${given.host} port ${given.port}: ${given.reason}`,
    remedy: (given: { host: string; port: number; reason: string; settings: string }) =>
      `Set ${given.settings} to an address of this machine.`,
  },
});
