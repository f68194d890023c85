/**
 * The triggers that the key `on` of a definition describes. They are created, changed and paused when the
 * definition is registered as its latest version. A repeated registration, after a crash in between, has the
 * same result.
 */
import {
  CreateTriggerRequest,
  ListTriggersRequest,
  PauseTriggerRequest,
  ResumeTriggerRequest,
  Trigger,
  TriggerFilter,
  type triggerService,
  UpdateTriggerRequest,
} from "@tutti/contracts/workflow/v1";
import { type CallContext, errorFromUnknown } from "@tutti/kernel";
import { triggerErrors } from "@tutti/machine-trigger";
import type { Client } from "@tutti/mesh";
import type { DefinitionParts } from "@tutti/validation/thread";

export type OnTriggersClient = Pick<
  Client<typeof triggerService>,
  "createTrigger" | "listTriggers" | "updateTrigger" | "pauseTrigger" | "resumeTrigger"
>;

const removedReason = "the definition has it no more in its key `on`";
/** All fields that a definition sets. */
const fields = [
  ...["description", "source", "condition", "key", "window_ms", "run", "with", "run_id", "policy", "labels"],
];

export async function applyOnTriggers(
  client: OnTriggersClient,
  { name, triggers: encoded }: Pick<DefinitionParts, "name" | "triggers">,
  context: CallContext,
): Promise<void> {
  const { namespace } = context;
  const before = await ownedBy(client, name, context);
  for (const bytes of encoded) {
    const trigger = Trigger.decode(bytes);
    await writeTrigger(client, trigger, before.get(trigger.triggerId), context);
    before.delete(trigger.triggerId);
  }
  for (const { triggerId, paused } of before.values()) {
    if (paused) continue;
    const request = PauseTriggerRequest.fromPartial({ namespace, triggerId, reason: removedReason });
    await client.pauseTrigger(request, { context });
  }
}

/** Returns the triggers of the definition by id. */
async function ownedBy(
  client: OnTriggersClient,
  name: string,
  context: CallContext,
): Promise<Map<string, Trigger>> {
  const filter = TriggerFilter.fromPartial({ definitions: [name] });
  const owned = new Map<string, Trigger>();
  let token = "";
  do {
    const { namespace } = context;
    const request = ListTriggersRequest.fromPartial({ namespace, filter, page: { token } });
    const { triggers, page } = await client.listTriggers(request, { context });
    for (const trigger of triggers) if (trigger.owner === name) owned.set(trigger.triggerId, trigger);
    token = page?.nextToken ?? "";
  } while (token !== "");
  return owned;
}

async function writeTrigger(
  client: OnTriggersClient,
  trigger: Trigger,
  before: Trigger | undefined,
  context: CallContext,
): Promise<void> {
  const { namespace } = context;
  if (before === undefined && (await isCreated(client, trigger, context))) return;
  const request = { namespace, trigger, update: { fields, revision: "" } };
  await client.updateTrigger(UpdateTriggerRequest.fromPartial(request), { context });
  if (before?.paused !== true || before.note !== removedReason) return;
  const { triggerId } = trigger;
  await client.resumeTrigger(ResumeTriggerRequest.fromPartial({ namespace, triggerId }), { context });
}

/** Creates a trigger. Returns false if it exists: of another owner, or of a concurrent registration. */
async function isCreated(client: OnTriggersClient, trigger: Trigger, context: CallContext): Promise<boolean> {
  const { namespace } = context;
  try {
    await client.createTrigger(CreateTriggerRequest.fromPartial({ namespace, trigger }), { context });
    return true;
  } catch (error) {
    if (triggerErrors.exists.is(errorFromUnknown(error))) return false;
    throw error;
  }
}
