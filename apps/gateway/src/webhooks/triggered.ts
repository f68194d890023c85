/**
 * Webhooks of triggers whose source is `webhook`: `POST /v1/webhooks/NAMESPACE/TRIGGER`.
 *
 * 1. The trigger sets the signature method, and the secrets of its namespace verify it. A secret must name
 *    `service:webhook.TRIGGER` as a user, so the author of a trigger gets no access to other secrets.
 * 2. Trigger and secrets are read at the first request and cached for a while, so that a flood costs no calls.
 * 3. An unknown trigger, one of another source and one without usable secrets get the same response.
 * 4. One address has a bounded number of concurrent lookups, so that a flood of made-up names costs few calls.
 */
import { secretService, UnsealSecretsRequest } from "@tutti/contracts/governance/v1";
import { triggerService, WebhookPreset } from "@tutti/contracts/workflow/v1";
import type { HostContext } from "@tutti/host";
import { type CallContext, type Foundation, KeyedSlots, keepNewest, type Principal } from "@tutti/kernel";
import { webhookErrors } from "./errors.ts";
import type { PresetName } from "./presets.ts";
import { Webhook, type WebhookClients } from "./webhook.ts";

const presetNames: Readonly<Partial<Record<WebhookPreset, PresetName>>> = {
  [WebhookPreset.WEBHOOK_PRESET_UNSPECIFIED]: "standard",
  [WebhookPreset.WEBHOOK_PRESET_GITHUB]: "github",
  [WebhookPreset.WEBHOOK_PRESET_STRIPE]: "stripe",
  [WebhookPreset.WEBHOOK_PRESET_SHOPIFY]: "shopify",
  [WebhookPreset.WEBHOOK_PRESET_SLACK]: "slack",
};

/** A change of the trigger or of a secret takes effect after this time. */
const cachedMs = 5_000;
const cachedMax = 1_000;
/** Triggers that are read at the same time for one address. */
const readsPerAddressMax = 16;

export interface TriggeredParts {
  readonly mesh: HostContext["mesh"];
  readonly foundation: Pick<Foundation, "clock" | "chance">;
  readonly clients: WebhookClients;
}

interface CachedWebhook {
  readonly found: Promise<Webhook | undefined>;
  readonly untilMs: number;
}

/** A service of the installation: it posts events that only its trigger accepts. */
export function triggerPrincipal(triggerId: string): Principal {
  return { kind: "service", id: `webhook.${triggerId}`, roles: ["admin"] };
}

export class TriggeredWebhooks {
  readonly #parts: TriggeredParts;
  readonly #cache = new Map<string, CachedWebhook>();
  readonly #reads = new KeyedSlots(readsPerAddressMax);

  constructor(parts: TriggeredParts) {
    this.#parts = parts;
  }

  /** Undefined if there is none. */
  find(triggerId: string, context: CallContext, address: string): Promise<Webhook | undefined> {
    const key = `${context.namespace} ${triggerId}`;
    const nowMs = this.#parts.foundation.clock.monotonic();
    const cached = this.#cache.get(key);
    if (cached !== undefined && cached.untilMs > nowMs) return cached.found;
    const found = this.#reads.run(address, () => this.#open(triggerId, context));
    if (found === undefined) throw webhookErrors.busy({ most: readsPerAddressMax });
    // A failed lookup is repeated with the next request.
    found.catch(() => this.#cache.delete(key));
    keepNewest(this.#cache, key, { found, untilMs: nowMs + cachedMs }, cachedMax);
    return found;
  }

  async #open(triggerId: string, context: CallContext): Promise<Webhook | undefined> {
    const { mesh, clients } = this.#parts;
    const { namespace } = context;
    const source = await mesh
      .client(triggerService)
      .getTrigger({ namespace, triggerId }, { context })
      .then(({ trigger }) => trigger?.source?.kind, unlessMissing);
    if (source?.$case !== "webhook") return undefined;
    const { preset, secrets } = source.value;
    const values = await this.#unsealed(secrets, triggerId, context).catch(unlessMissing);
    const name = presetNames[preset];
    if (values === undefined || name === undefined) return undefined;
    return Webhook.open(
      triggerId,
      {
        namespace,
        preset: name,
        event: `webhook.${triggerId}`,
        source: `/triggers/${triggerId}`,
        secrets: values.map((value) => ({ reveal: () => value })),
      },
      clients,
    );
  }

  async #unsealed(names: readonly string[], triggerId: string, context: CallContext): Promise<string[]> {
    const { mesh, foundation } = this.#parts;
    const { namespace } = context;
    const { receptionIn } = await import("@tutti/policy/secrets");
    const { recipientKey, open } = receptionIn(namespace, foundation.chance);
    const work = { namespace, kind: "trigger", id: triggerId, task: "" };
    const request = UnsealSecretsRequest.fromPartial({ namespace, names: [...names], recipientKey, work });
    const { values } = await mesh.client(secretService).unsealSecrets(request, { context });
    return values.map((sealed) => {
      const value = open(sealed);
      if (value === undefined) throw webhookErrors.signatureWrong();
      return Buffer.from(value)
        .toString("utf8")
        .replace(/\r?\n$/, "");
    });
  }
}

/** Absent and forbidden look alike. */
function unlessMissing(error: unknown): undefined {
  const { status = "" } = error as { readonly status?: string };
  if (status === "NOT_FOUND" || status === "PERMISSION_DENIED") return undefined;
  throw error;
}
