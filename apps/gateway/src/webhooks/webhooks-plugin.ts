/**
 * `POST /v1/webhooks/NAME` and `/v1/webhooks/NAMESPACE/TRIGGER`: webhooks of other systems. They need no caller, but a
 * valid signature.
 */
import { runService, triggerService } from "@tutti/contracts/workflow/v1";
import type { HostContext } from "@tutti/host";
import { type CallContext, errorFromUnknown, type Foundation, type Principal } from "@tutti/kernel";
import { clientAddressOf } from "@tutti/telemetry";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { admit } from "../access/edge.ts";
import type { GatewaySettings } from "../configuration.ts";
import { gatewayErrors } from "../errors.ts";
import { acceptBytes } from "../front/body.ts";
import { type CheckedDelivery, DeliveryCheck } from "./delivery-check.ts";
import { webhookErrors } from "./errors.ts";
import { TriggeredWebhooks, triggerPrincipal } from "./triggered.ts";
import { Webhook } from "./webhook.ts";

export interface WebhooksParts {
  readonly host: Pick<HostContext, "mesh" | "guard">;
  readonly foundation: Pick<Foundation, "clock" | "chance">;
  readonly settings: Pick<GatewaySettings, "webhooks" | "callMs">;
  readonly contextOf: (request: FastifyRequest, principal: Principal) => CallContext;
}

interface Address {
  readonly name?: string;
  readonly namespace?: string;
  readonly trigger?: string;
}

const idForm = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

/** Size of the body: the same limit as for the input of a run. */
const bodyBytesMax = 1_048_576;
/** The installation's own namespace, for webhooks that are unknown. */
const nowhere = "";

/** Registered under the prefix of the API. Rejects if a webhook cannot be served as configured. */
export async function webhooksPlugin(parts: WebhooksParts): Promise<(app: FastifyInstance) => Promise<void>> {
  const { host, foundation, settings } = parts;
  const clients = { runs: host.mesh.client(runService), triggers: host.mesh.client(triggerService) };
  const webhooks = new Map<string, Webhook>();
  for (const [name, webhookSettings] of Object.entries(settings.webhooks))
    webhooks.set(name, await Webhook.open(name, webhookSettings, clients));
  const check = new DeliveryCheck(foundation.clock);

  const triggered = new TriggeredWebhooks({ mesh: host.mesh, foundation, clients });

  async function found(request: FastifyRequest): Promise<{ webhook: Webhook | undefined; name: string }> {
    const { name = "", namespace, trigger } = request.params as Address;
    if (namespace === undefined || trigger === undefined) return { webhook: webhooks.get(name), name };
    const context = { ...parts.contextOf(request, triggerPrincipal(trigger)), namespace };
    const isName = idForm.test(namespace) && idForm.test(trigger);
    const webhook = isName ? await triggered.find(trigger, context, clientAddressOf(request.raw)) : undefined;
    return { webhook, name: `${namespace}/${trigger}` };
  }

  async function checked(request: FastifyRequest): Promise<{ webhook: Webhook; delivery: CheckedDelivery }> {
    const { webhook, name } = await found(request);
    try {
      if (webhook === undefined) throw webhookErrors.unknown({ name: name.slice(0, 64) });
      const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
      const { preset } = webhook;
      const delivery = check.check({ name, preset, secrets: await webhook.secrets() }, request.headers, body);
      return { webhook, delivery };
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      host.guard?.refusedOf({
        error,
        actor: undefined,
        namespace: webhook?.namespace ?? nowhere,
        action: "gateway.webhooks.tell",
        address: clientAddressOf(request.raw),
      });
      throw error;
    }
  }

  async function accept(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { webhook, delivery } = await checked(request);
    const principal = webhook.principal(host.guard !== undefined);
    admit(host.guard, principal, reply.raw);
    host.guard?.admitBytes(principal, delivery.body.length);
    const { trigger } = request.params as Address;
    const by = trigger === undefined ? principal : triggerPrincipal(trigger);
    const context = { ...parts.contextOf(request, by), namespace: webhook.namespace };
    const result = await webhook.accept(delivery, { context, timeoutMs: settings.callMs });
    delivery.accept();
    return result;
  }

  return async (app) => {
    // The signature is over the bytes.
    acceptBytes(app, bodyBytesMax, ({ headers }) => {
      const encoding = headers["content-encoding"] ?? "identity";
      if (encoding !== "identity")
        throw gatewayErrors.mediaTypeUnknown({ found: `Content-Encoding: ${encoding}` });
    });
    // Its signature says who sends it.
    const route = { bodyLimit: bodyBytesMax, config: { reach: "open" } } as const;
    app.post("/webhooks/:name", route, accept);
    app.post("/webhooks/:namespace/:trigger", route, accept);
  };
}
