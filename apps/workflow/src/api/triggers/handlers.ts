/** Triggers: created, steered, read. */

import { isPattern } from "@tutti/bus";
import {
  type CreateTriggerReply,
  type CreateTriggerRequest,
  type ListDeadLettersReply,
  type ListDeadLettersRequest,
  RunSpec,
  Trigger,
  type triggerService,
  type UpdateTriggerReply,
  type UpdateTriggerRequest,
} from "@tutti/contracts/workflow/v1";
import { jsonOf } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { execute, placeOfToken, query, sizeOf, tokenOfPlace } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import {
  create,
  deadLetters,
  pause,
  receive,
  remove,
  removeDeadLetters,
  resume,
  triggerErrors,
  update,
} from "@tutti/machine-trigger";
import type { Handlers } from "@tutti/mesh";
import { requireTemplate } from "../../runs/inputs.ts";
import { Matching } from "../../triggers/matching.ts";
import { keyOf, type TriggerDependencies, triggerNamed } from "./dependencies.ts";
import { testTrigger } from "./dry-run.ts";
import { publishEvents, replayEvents, retryDeadLetters } from "./events.ts";
import { listTriggers, watchTriggers } from "./lists.ts";
import { deadLetterOf, merged, planOf } from "./messages.ts";

export function triggerHandlers(dependencies: TriggerDependencies): Handlers<typeof triggerService> {
  const changed = async (triggerId: string, context: CallContext) => {
    await dependencies.index.refresh(context.namespace, triggerId);
    return { trigger: await triggerNamed(dependencies, triggerId, context) };
  };
  return {
    createTrigger: (request, context) => createTrigger(dependencies, request, context),
    getTrigger: async ({ triggerId }, context) => ({
      trigger: await triggerNamed(dependencies, triggerId, context),
    }),
    listTriggers: (request, context) => listTriggers(dependencies, request, context),
    watchTriggers: (request, context) => watchTriggers(dependencies, request, context),
    updateTrigger: (request, context) => updateTrigger(dependencies, request, context),
    async deleteTrigger({ triggerId, reason }, context) {
      const call = { command: remove, body: {}, reason };
      const reply = await execute(dependencies, keyOf(context.namespace, triggerId), call, context);
      await dependencies.index.refresh(context.namespace, triggerId);
      return reply;
    },
    async pauseTrigger({ triggerId, reason }, context) {
      const call = { command: pause, body: { note: reason }, reason };
      await execute(dependencies, keyOf(context.namespace, triggerId), call, context);
      return changed(triggerId, context);
    },
    async resumeTrigger({ triggerId, reason }, context) {
      const call = { command: resume, body: { note: reason }, reason };
      await execute(dependencies, keyOf(context.namespace, triggerId), call, context);
      return changed(triggerId, context);
    },
    testTrigger: (request, context) => testTrigger(dependencies, request, context),
    replayEvents: (request, context) => replayEvents(dependencies, request, context),
    listDeadLetters: (request, context) => listDeadLetters(dependencies, request, context),
    retryDeadLetters: (request, context) => retryDeadLetters(dependencies, request, context),
    dropDeadLetters: ({ triggerId, numbers, reason }, context) =>
      execute(
        dependencies,
        keyOf(context.namespace, triggerId),
        { command: removeDeadLetters, body: { numbers }, reason },
        context,
      ),
    publishEvents: (request, context) => publishEvents(dependencies, request, context),
    receiveEvents: ({ triggerId, items }, context) =>
      // A repetition has no effect, so the reply is not stored.
      execute(
        dependencies,
        keyOf(context.namespace, triggerId),
        { command: receive, body: { items }, idempotencyKey: "" },
        context,
      ),
  };
}

async function createTrigger(
  dependencies: TriggerDependencies,
  { trigger = Trigger.create() }: CreateTriggerRequest,
  context: CallContext,
): Promise<CreateTriggerReply> {
  const { triggerId, paused, note } = trigger;
  await requireCorrect(dependencies, trigger, context);
  // The id alone identifies the request: the machine compares the plans.
  const call = { command: create, body: { plan: planOf(trigger), paused, note }, idempotencyKey: "" };
  const { existed } = await execute(dependencies, keyOf(context.namespace, triggerId), call, context);
  await dependencies.index.refresh(context.namespace, triggerId);
  return { trigger: await triggerNamed(dependencies, triggerId, context), existed };
}

/** Rejects a mistake when the trigger is made, not with the first event. */
async function requireCorrect(
  { versions }: Pick<TriggerDependencies, "versions">,
  trigger: Trigger,
  context: CallContext,
): Promise<void> {
  const { source, run } = trigger;
  if (source?.kind?.$case === "event" && !isPattern(source.kind.value.type))
    throw triggerErrors.planInvalid({
      problem: `source.event.type: expected a type such as shop.order.created or shop.>, got ${source.kind.value.type}`,
    });
  if (source?.kind?.$case === "runEnd") requireEnds(source.kind.value.ends);
  if (source?.kind?.$case === "webhook" && !isPattern(`webhook.${trigger.triggerId}`))
    throw triggerErrors.planInvalid({
      problem: `triggerId: expected words of A-Z a-z 0-9 _ - with dots between for a webhook, got ${trigger.triggerId}`,
    });
  new Matching(planOf(trigger), trigger.triggerId);
  const { what, parameters } = run ?? RunSpec.create();
  if (what?.$case !== "definition") return;
  const parameterJson = parameters && jsonOf(parameters, "trigger.run.parameters");
  const { definition } = await versions.runnable(what.value, parameterJson, context);
  const { with: template, policy } = planOf(trigger);
  // Without `with`, the input is the data of the event.
  if (template.length === 0) return;
  const sample = JSON.parse(Buffer.from(template).toString("utf8")) as Json;
  const input = (policy?.batchSize ?? 0) > 1 ? { events: [sample] } : sample;
  requireTemplate(definition.inputSchema, input, "trigger.with");
}

const endings: ReadonlySet<string> = new Set(["completed", "failed", "cancelled", "terminated"]);

function requireEnds(ends: readonly string[]): void {
  const wrong = ends.find((end) => !endings.has(end));
  if (wrong === undefined) return;
  const problem = `source.runEnd.ends: expected ${[...endings].join(", ")}, got ${wrong}`;
  throw triggerErrors.planInvalid({ problem });
}

async function updateTrigger(
  dependencies: TriggerDependencies,
  { trigger = Trigger.create(), update: updateMask, reason }: UpdateTriggerRequest,
  context: CallContext,
): Promise<UpdateTriggerReply> {
  const { triggerId } = trigger;
  const before = await triggerNamed(dependencies, triggerId, context);
  const after = merged(before, trigger, updateMask?.fields ?? []);
  await requireCorrect(dependencies, after, context);
  // The revision that was read for the merge is required, unless the caller passed another one.
  const revision = Number(updateMask?.revision || before.revision);
  const call = { command: update, body: { plan: planOf(after), revision }, reason };
  await execute(dependencies, keyOf(context.namespace, triggerId), call, context);
  await dependencies.index.refresh(context.namespace, triggerId);
  return { trigger: await triggerNamed(dependencies, triggerId, context) };
}

async function listDeadLetters(
  dependencies: TriggerDependencies,
  { triggerId, page }: ListDeadLettersRequest,
  context: CallContext,
): Promise<ListDeadLettersReply> {
  const size = sizeOf(page);
  const body = { after: placeOfToken(page?.token ?? ""), size: size + 1, numbers: [] };
  const found = await query(
    dependencies,
    keyOf(context.namespace, triggerId),
    { query: deadLetters, body },
    context,
  );
  const letters = found.slice(0, size).map(deadLetterOf);
  const last = letters[letters.length - 1];
  const nextToken = found.length > size && last !== undefined ? tokenOfPlace(last.number) : "";
  return { letters, page: { nextToken } };
}
