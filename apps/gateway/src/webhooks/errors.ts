import { defineErrors } from "@tutti/kernel";

/** Refusals of webhooks. No text reveals a valid signature. */
export const webhookErrors = defineErrors("webhook", {
  unknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No webhook of this name is configured in `gateway.webhooks`, and no trigger of this namespace and id accepts webhooks. Such a trigger has a secret that `service:webhook.TRIGGER` can use.",
    message: ({ name }: { name: string }) => `Webhook ${JSON.stringify(name)} is not configured`,
    remedy:
      "Create a trigger with `--webhook-of`, allow `service:webhook.TRIGGER` to use its secret, or correct the URL.",
  },
  busy: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "Requests from one address refer to many different triggers at once. The gateway reads each trigger and its secrets before it can check a signature. It limits the concurrent reads for one address.",
    message: ({ most }: { most: number }) =>
      `More than ${most} webhooks from this address wait for their triggers`,
    remedy: "Send the webhook again later.",
  },
  unsigned: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "A request to a webhook must be signed as its `preset` requires. Standard Webhooks requires `webhook-id`, `webhook-timestamp` and `webhook-signature` in addition to the body. Give the sender a secret of `gateway.webhooks`.",
    message: ({ missing }: { missing: string }) => `The webhook is not signed: ${missing} is missing`,
    remedy: "Let the sender sign requests as the `preset` of the webhook specifies.",
  },
  late: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "A request to a webhook is accepted within five minutes of its timestamp, so that an intercepted request cannot be replayed later. Send it again, or correct the clock of the sender.",
    message: ({ found }: { found: string }) =>
      `\`webhook-timestamp\`: expected seconds since 1970 within five minutes of now, got ${found}`,
    remedy: "Send the webhook again, or correct the clock of the sender.",
  },
  signatureWrong: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The signature was made with another secret than those of the webhook, or for other content. The body must arrive byte for byte as it was signed.",
    message: () => "The signature of the webhook does not match its content and secret",
    remedy: "Compare the secrets of both sides, and check that no proxy changes the body.",
  },
  replayed: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The request was received before, with the same id and timestamp. A retry needs a new timestamp, and gets the same reply as the first request.",
    message: () => "The webhook was already received with the same id and timestamp",
    remedy: "To retry, sign the webhook again with the same `webhook-id`.",
  },
  runUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request does not contain the id of the run. `run` of the webhook in `gateway.webhooks` is the expression that reads it.",
    message: ({ reason }: { reason: string }) => `The body does not determine the id of a run: ${reason}`,
    remedy: "Send the expected body, or correct `run` of the webhook in `gateway.webhooks`.",
  },
  misconfigured: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A webhook of `gateway.webhooks` cannot be served as it is written: its `run` is no text with expressions over `body`, or a secret is too short to be safe.",
    message: ({ name, problem }: { name: string; problem: string }) => `gateway.webhooks.${name}: ${problem}`,
    remedy: "Correct the configuration.",
  },
});
