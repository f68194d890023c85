import { defineErrors } from "@tutti/kernel";

/** Why a webhook is rejected. Nothing here says what a right signature would be. */
export const webhookErrors = defineErrors("webhook", {
  unknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No webhook of this name is configured. Add it to `gateway.webhooks`, or mend the address.",
    message: ({ name }: { name: string }) => `Webhook ${JSON.stringify(name)} is not configured`,
    remedy: "Add it to `gateway.webhooks`, or correct the URL.",
  },
  unsigned: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "What comes by a webhook has to be signed as its `preset` has it. Standard Webhooks has `webhook-id`, `webhook-timestamp` and `webhook-signature` beside the body. Give the sender a secret of `gateway.webhooks`.",
    message: ({ missing }: { missing: string }) => `The webhook is not signed: ${missing} is missing`,
    remedy: "Let the sender sign requests as the `preset` of the webhook specifies.",
  },
  late: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "What comes by a webhook is taken within five minutes of the moment that it says it was sent at, so that nobody who overheard it sends it again later. Send it anew, or set the clock of the sender right.",
    message: ({ found }: { found: string }) =>
      `\`webhook-timestamp\`: expected seconds since 1970 within five minutes of now, got ${found}`,
    remedy: "Send the webhook again, or correct the clock of the sender.",
  },
  signatureWrong: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The signature was made with another secret than those of the webhook, or for something else than what came. The body has to arrive as it was signed, byte for byte.",
    message: () => "The signature of the webhook does not match its content and secret",
    remedy: "Compare the secrets of both sides, and check that no proxy changes the body.",
  },
  replayed: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Exactly this was told before: the same id, sent at the same moment. A sender that tries again says when it does, and is answered like the first time.",
    message: () => "The webhook was already received with the same id and timestamp",
    remedy: "To retry, sign the webhook again with the same `webhook-id`.",
  },
  runUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The id of the run does not come out of what was told: `run` of the webhook in `gateway.webhooks` says where it should stand.",
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
