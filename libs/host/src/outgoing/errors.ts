import { defineErrors } from "@tutti/kernel";

/** Errors of HTTP calls to external services. */
export const outgoingErrors = defineErrors("outgoing", {
  refused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The platform was to call an address that is not allowed: not https, with a password in it, or within a private network, by itself or by what its name resolves to. Use a public https address, or allow private ones where the call is configured (`swarm.scaling.privateWebhooks`, `access.privateIssuers`).",
    message: ({ url, problem }: { url: string; problem: string }) =>
      `The URL ${url} may not be called: ${problem}`,
    remedy: "Use a public https address, or allow private ones where it is configured.",
  },
  failed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A server outside the installation was called over HTTP and gave no valid answer: none in time, no 2xx, a redirect (none is followed), or more than the limit. Check the address and the server.",
    message: ({ url, reason }: { url: string; reason: string }) =>
      `${url} did not answer with 2xx: ${reason}`,
    remedy: "Check the URL and its server.",
  },
});
