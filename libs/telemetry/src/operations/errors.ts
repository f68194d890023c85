import { defineErrors } from "@tutti/kernel";

/** What goes wrong at the operations endpoints. */
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
