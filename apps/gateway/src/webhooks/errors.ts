import { defineErrors } from "@tutti/kernel";

/** Why a webhook is rejected. Nothing here says what a right signature would be. */
export const webhookErrors = defineErrors("webhook", {
  unknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No webhook of this name is configured. Add it to `gateway.webhooks`, or mend the address.",
    message: ({ name }: { name: string }) =>
      `expected a webhook that is configured (gateway.webhooks), found ${JSON.stringify(name)}; mend the address`,
  },
  unsigned: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "What comes by a webhook has to be signed as Standard Webhooks has it: `webhook-id`, `webhook-timestamp` and `webhook-signature` beside the body. Give the sender a secret of `gateway.webhooks`.",
    message: ({ missing }: { missing: string }) =>
      `expected a webhook that is signed, found no ${missing}; have its sender sign it as Standard Webhooks has it`,
  },
  late: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "What comes by a webhook is taken within five minutes of the moment that it says it was sent at, so that nobody who overheard it sends it again later. Send it anew, or set the clock of the sender right.",
    message: ({ found }: { found: string }) =>
      `expected webhook-timestamp to be within five minutes of now, as seconds since 1970, found ${found}; send it anew, or set the clock right`,
  },
  signatureWrong: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The signature was made with another secret than those of the webhook, or for something else than what came. The body has to arrive as it was signed, byte for byte.",
    message: () =>
      "expected webhook-signature to be made with a secret of this webhook for exactly what came, found another; check the secret on both sides, and that nothing on the way changes the body",
  },
  replayed: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "Exactly this was told before: the same id, sent at the same moment. A sender that tries again says when it does, and is answered like the first time.",
    message: () =>
      "expected something that was not told before, found a copy of it; to try again, sign it anew with the same webhook-id",
  },
  runUnnamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The id of the run does not come out of what was told: `run` of the webhook in `gateway.webhooks` says where it should stand.",
    message: ({ reason }: { reason: string }) =>
      `expected a body that the id of a run comes out of, found that ${reason}; send what gateway.webhooks expects, or mend its run`,
  },
  misconfigured: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A webhook of `gateway.webhooks` cannot be served as it is written: its `run` is no text with expressions over `body`, or a secret is too short to be safe.",
    message: ({ name, problem }: { name: string; problem: string }) =>
      `gateway.webhooks.${name}: ${problem}; correct it`,
  },
});
