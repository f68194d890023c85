/**
 * The triggers that the key `on` of a definition describes: made, changed and paused when the definition is registered as
 * its latest version. Registered again, after a crash between, it comes to the same.
 */
import {
  CreateTriggerRequest,
  PauseTriggerRequest,
  ResumeTriggerRequest,
  Trigger,
  type triggerService,
  UpdateTriggerRequest,
} from "@tutti/contracts/workflow/v1";
import { onTriggerId } from "@tutti/definitions";
import { type CallContext, errorFromUnknown } from "@tutti/kernel";
import { triggerErrors } from "@tutti/machine-trigger";
import type { Client } from "@tutti/mesh";
import type { DefinitionParts } from "@tutti/validation/thread";

export type OnTriggersClient = Pick<
  Client<typeof triggerService>,
  "createTrigger" | "getTrigger" | "updateTrigger" | "pauseTrigger" | "resumeTrigger"
>;

const onMax = 10;
const removedReason = "the definition has it no more in its key `on`";
/** All that a definition sets. */
const fields = [
  ...["description", "source", "condition", "key", "window_ms", "run", "with", "run_id", "policy", "labels"],
];

export async function applyOnTriggers(
  client: OnTriggersClient,
  { name, triggers: encoded }: Pick<DefinitionParts, "name" | "triggers">,
  context: CallContext,
): Promise<void> {
  const { namespace } = context;
  const triggers = encoded.map((bytes) => Trigger.decode(bytes));
  for (const trigger of triggers) await put(client, trigger, context);
  for (let place = triggers.length; place < onMax; place++) {
    const triggerId = onTriggerId(name, place);
    const found = await find(client, triggerId, context);
    if (found === undefined || found.owner !== name) return;
    if (found.paused) continue;
    const request = PauseTriggerRequest.fromPartial({ namespace, triggerId, reason: removedReason });
    await client.pauseTrigger(request, { context });
  }
}

async function put(client: OnTriggersClient, trigger: Trigger, context: CallContext): Promise<void> {
  const { namespace } = context;
  try {
    await client.createTrigger(CreateTriggerRequest.fromPartial({ namespace, trigger }), { context });
  } catch (error) {
    if (!triggerErrors.exists.is(errorFromUnknown(error))) throw error;
    const request = { namespace, trigger, update: { fields, revision: "" } };
    await client.updateTrigger(UpdateTriggerRequest.fromPartial(request), { context });
  }
  const { triggerId } = trigger;
  const found = await find(client, triggerId, context);
  if (found?.paused !== true || found.note !== removedReason) return;
  await client.resumeTrigger(ResumeTriggerRequest.fromPartial({ namespace, triggerId }), { context });
}

async function find(
  client: OnTriggersClient,
  triggerId: string,
  context: CallContext,
): Promise<Trigger | undefined> {
  try {
    return (await client.getTrigger({ namespace: context.namespace, triggerId }, { context })).trigger;
  } catch (error) {
    if (triggerErrors.missing.is(error)) return undefined;
    throw error;
  }
}
