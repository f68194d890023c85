/**
 * The effect of a delivery: a run starts, or gets a signal.
 *
 * It is done by `service:webhook.NAME`, which is an identity like others: it may do what roles and policies permit it,
 * within its namespace and the one action that it is for, and counts against its limit.
 */
import { hash } from "node:crypto";
import { Scope } from "@tutti/contracts/governance/v1";
import {
  CloudEvent,
  type PublishEventsReply,
  PublishEventsRequest,
  RunSpec,
  type runService,
  type triggerService,
} from "@tutti/contracts/workflow/v1";
import type { Program } from "@tutti/expressions";
import type { Principal } from "@tutti/kernel";
import type { CallOptions, Client } from "@tutti/mesh";
import { JsonLimitError, parseInTurns, restErrors } from "@tutti/rest/json";
import type { CheckedDelivery } from "./delivery-check.ts";
import { webhookErrors } from "./errors.ts";
import type { PresetName } from "./presets.ts";
import type { WebhookSettings } from "./settings.ts";

export interface DeliveryResult {
  readonly runId: string;
  readonly existed: boolean;
}

/** The request that Slack sends when an address is entered, and the response to it. */
interface Challenge {
  readonly challenge: string;
}

export interface WebhookClients {
  readonly runs: Client<typeof runService>;
  readonly triggers: Pick<Client<typeof triggerService>, "publishEvents">;
}

/** The configured action. */
export interface WebhookPlan extends Omit<WebhookSettings, "secrets"> {
  readonly secrets: readonly { reveal(): string | Promise<string> }[];
  /** The attribute `source` of its events. Default: its address. */
  readonly source?: string;
}

export class Webhook {
  readonly name: string;
  readonly #settings: WebhookPlan;
  /** The id of the run, of the body. Undefined where it follows from that of the message. */
  readonly #run: Program | undefined;
  readonly #clients: WebhookClients;

  private constructor(
    name: string,
    settings: WebhookPlan,
    run: Program | undefined,
    clients: WebhookClients,
  ) {
    this.name = name;
    this.#settings = settings;
    this.#run = run;
    this.#clients = clients;
  }

  /** Rejects if it cannot be served as configured. */
  static async open(name: string, settings: WebhookPlan, clients: WebhookClients) {
    const webhook = new Webhook(name, settings, await programOf(name, settings), clients);
    await webhook.secrets();
    return webhook;
  }

  get namespace(): string {
    return this.#settings.namespace;
  }

  get preset(): PresetName {
    return this.#settings.preset;
  }

  get action(): string {
    if (this.#settings.event !== undefined) return "workflow.events.publish";
    return this.#settings.signal === undefined ? "workflow.runs.start" : "workflow.runs.signal";
  }

  /** Read each time, so that a changed secret takes effect at once. */
  async secrets(): Promise<readonly string[]> {
    const found = await Promise.all(this.#settings.secrets.map((reference) => reference.reveal()));
    if (found.some(({ length }) => length < secretMin)) {
      const problem = `expected secrets of at least ${secretMin} characters, got a shorter one`;
      throw webhookErrors.misconfigured({ name: this.name, problem });
    }
    return found;
  }

  /** @param isJudged true if policies apply. Without them the principal is a service of the installation */
  principal(isJudged: boolean): Principal {
    const { name, namespace, action } = this;
    const id = `webhook.${name}`;
    if (!isJudged) return { kind: "service", id, roles: ["admin"] };
    const scope = Scope.fromPartial({ actions: [action], namespaces: [namespace] });
    return { kind: "service", id, roles: [], credential: { id, namespace, groups: [], scope } };
  }

  async accept(
    delivery: CheckedDelivery,
    options: CallOptions,
  ): Promise<DeliveryResult | Challenge | PublishEventsReply> {
    const { id, body } = delivery;
    const { namespace, workflow, signal, event } = this.#settings;
    const json = await jsonIn(body);
    const challenge = this.preset === "slack" ? challengeIn(json) : undefined;
    if (challenge !== undefined) return { challenge };
    if (event !== undefined) return this.#publish(event, delivery, json, options);
    const runId = this.#runIdOf(json);
    // Ids may be as long as a header, keys are shorter.
    const idempotencyKey = `webhook/${this.name}/${hash("sha256", id, "base64url")}`;
    const payload = { body: { $case: "inline" as const, value: body }, mediaType: "" };
    if (signal !== undefined) {
      await this.#clients.runs.signalRun({ namespace, runId, signal, payload, idempotencyKey }, options);
      return { runId, existed: true };
    }
    const spec = RunSpec.fromPartial({
      what: { $case: "definition", value: { name: workflow ?? "" } },
      input: payload,
    });
    const defaults = {
      parent: undefined,
      root: undefined,
      startTime: undefined,
      parentClosePolicy: 0 as const,
      waitMs: 0,
    };
    const reply = await this.#clients.runs.startRun(
      { ...defaults, namespace, runId, spec, idempotencyKey },
      options,
    );
    return { runId: reply.run?.runId ?? runId, existed: reply.existed };
  }

  /** Creates an event. Its type starts as configured and continues with the sender's name of the event. */
  #publish(prefix: string, { id, body, kindOf }: CheckedDelivery, json: unknown, options: CallOptions) {
    const kind = eventTypeOf(kindOf(json));
    const event = CloudEvent.fromPartial({
      // An id of an event has no spaces.
      id: /^[\x21-\x7e]{1,200}$/.test(id) ? id : hash("sha256", id, "base64url"),
      source: this.#settings.source ?? `/webhooks/${this.name}`,
      type: kind === "" ? prefix : `${prefix}.${kind}`,
      data: { body: { $case: "inline", value: body }, mediaType: "" },
    });
    const request = PublishEventsRequest.fromPartial({ namespace: this.namespace, events: [event] });
    return this.#clients.triggers.publishEvents(request, options);
  }

  #runIdOf(body: unknown): string {
    if (this.#run === undefined) return "";
    const found = this.#run.evaluate(() => body as never);
    if (!found.ok) throw webhookErrors.runUnnamed({ reason: found.problem.message });
    const { value } = found;
    if (typeof value === "string" && value !== "") return value;
    throw webhookErrors.runUnnamed({ reason: "it gives none" });
  }
}

/** Longer kinds are cut: a body has room for a megabyte of them. */
const kindMax = 200;

/** Converts the sender's name of the event to words of an event type. */
export function eventTypeOf(kind: string): string {
  return kind
    .slice(0, kindMax)
    .split(/[^A-Za-z0-9_-]+/)
    .filter((part) => part !== "")
    .join(".")
    .replace(/^[.-]+/, "");
}

function challengeIn(json: unknown): string | undefined {
  const { type, challenge } = (json ?? {}) as { readonly type?: unknown; readonly challenge?: unknown };
  return type === "url_verification" && typeof challenge === "string" ? challenge : undefined;
}

const secretMin = 16;

async function jsonIn(body: Uint8Array): Promise<unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw restErrors.bodyNotJson({ found: "bytes that are no UTF-8" });
  }
  try {
    return await parseInTurns(text);
  } catch (error) {
    const found = error instanceof JsonLimitError ? error.message : "something else";
    throw restErrors.bodyNotJson({ found });
  }
}

/** Expressions are loaded where there is one. */
async function programOf(name: string, { run }: WebhookPlan): Promise<Program | undefined> {
  if (run === undefined) return undefined;
  const { compileTemplate, scopeOf, types } = await import("@tutti/expressions");
  const compiled = compileTemplate(run, scopeOf({ body: types.dyn }));
  if (compiled.ok) return compiled.program;
  const [problem] = compiled.problems;
  throw webhookErrors.misconfigured({ name, problem: `run: ${problem?.message ?? "it cannot be read"}` });
}
