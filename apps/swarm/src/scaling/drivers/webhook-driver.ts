/** A webhook that starts and stops the agents. Their launch id in the request identifies the scaler. */
import type { WebhookDriver as WebhookSettings } from "@tutti/contracts/swarm/v1";
import { callOut, outgoingErrors } from "@tutti/host/outgoing";
import type { Foundation, TuttiError } from "@tutti/kernel";
import { launchIdOf } from "@tutti/matching";
import { headersOf } from "../../webhooks/headers.ts";
import { LevelDriver } from "./level-driver.ts";

export interface WebhookDriverParts {
  readonly namespace: string;
  readonly pool: string;
  readonly scalerId: string;
  readonly settings: WebhookSettings;
  readonly arePrivateAllowed: boolean;
  /** Called for each call that was blocked because of its destination. */
  readonly refused: (error: TuttiError) => void;
  readonly foundation: Foundation;
}

const repeatMs = 60_000;

export function webhookDriver(parts: WebhookDriverParts): LevelDriver {
  const { settings, namespace, pool, scalerId, arePrivateAllowed, foundation, refused } = parts;
  const { url, secret } = settings;
  return new LevelDriver({
    kind: "webhook",
    scalerId,
    foundation,
    async send({ count: wanted, reason }, signal) {
      const moment = new Date(foundation.clock.now()).toISOString();
      const launchId = launchIdOf(scalerId, "webhook");
      const body = JSON.stringify({ namespace, pool, scalerId, wanted, reason, launchId, moment });
      const headers = await headersOf(secret, body, foundation);
      const answer = await callOut({ method: "POST", url, headers, body, arePrivateAllowed, signal });
      return { starting: startingIn(answer), repeatAfterMs: repeatMs };
    },
    failed(error) {
      if (outgoingErrors.refused.is(error)) refused(error);
    },
  });
}

/** Returns the number of starting agents in an answer: `{"starting": 2}`. */
function startingIn(answer: string): number {
  try {
    const { starting } = JSON.parse(answer) as { readonly starting?: unknown };
    return typeof starting === "number" && starting >= 0 ? Math.min(1e6, Math.floor(starting)) : 0;
  } catch {
    return 0;
  }
}
