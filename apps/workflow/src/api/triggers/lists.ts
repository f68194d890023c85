import {
  type ListTriggersReply,
  type ListTriggersRequest,
  type Trigger,
  TriggerFilter,
  type WatchTriggersReply,
  type WatchTriggersRequest,
} from "@tutti/contracts/workflow/v1";
import { aboutOf, changesOf, type Named, pageOf } from "@tutti/host/serving";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { triggerErrors } from "@tutti/machine-trigger";
import { namedWork } from "../named-work.ts";
import { type TriggerDependencies, triggerNamed } from "./dependencies.ts";

export async function listTriggers(
  dependencies: TriggerDependencies,
  { filter = TriggerFilter.create(), page }: ListTriggersRequest,
  context: CallContext,
): Promise<ListTriggersReply> {
  const indexedTo = toTimestamp(dependencies.foundation.clock.now());
  const { items, nextToken } = await pageOf(triggersBy(dependencies, filter, context), page);
  return { triggers: items, page: { nextToken }, indexedTo };
}

export async function* watchTriggers(
  dependencies: TriggerDependencies,
  { filter = TriggerFilter.create(), cursor }: WatchTriggersRequest,
  context: CallContext,
): AsyncGenerator<WatchTriggersReply, void> {
  const named = triggersBy(dependencies, filter, context);
  const about = aboutOf("trigger", TriggerFilter.encode(filter).finish(), context);
  const watching = { cursor, ...about, memory: dependencies.watches };
  for await (const { changed, removed, ...place } of changesOf(
    named,
    watching,
    dependencies.foundation,
    context.signal,
  ))
    yield { triggers: changed, removedIds: removed, ...place };
}

function triggersBy(
  dependencies: TriggerDependencies,
  filter: TriggerFilter,
  context: CallContext,
): Named<Trigger> {
  return namedWork(dependencies, {
    kind: "trigger",
    namespace: context.namespace,
    filter,
    missing: triggerErrors.missing,
    find: (id) => triggerNamed(dependencies, id, context),
  });
}
