import { defineErrors } from "@tutti/kernel";

/** Errors of HTTP calls to external services. */
export const outgoingErrors = defineErrors("outgoing", {
  refused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The address of an outgoing call is not allowed. It is not https, contains a password, or leads into a private network, by itself or by its name. Use a public https address, or allow private ones where the call is configured (`swarm.scaling.privateWebhooks`, `access.privateIssuers`).",
    message: ({ url, problem }: { url: string; problem: string }) =>
      `The URL ${url} may not be called: ${problem}`,
    remedy: "Use a public https address, or allow private addresses in the configuration of the call.",
  },
  failed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "An external server gave no valid answer to an HTTP call: it timed out, did not return 2xx, redirected, or exceeded the size limit. Redirects are not followed. Check the address and the server.",
    message: ({ url, reason }: { url: string; reason: string }) =>
      `${url} did not answer with 2xx: ${reason}`,
    remedy: "Check the URL and its server.",
  },
});
