import {
  type ListTriggersReply,
  type ListTriggersRequest,
  type Trigger,
  TriggerFilter,
  type WatchTriggersReply,
  type WatchTriggersRequest,
} from "@tutti/contracts/workflow/v1";
import { conditionsOf } from "@tutti/host";
import { aboutOf, allEntries, changesOf, type Named, pageOf } from "@tutti/host/serving";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { triggerErrors } from "@tutti/machine-trigger";
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
  const { namespace } = context;
  const { definitions, labels } = filter;
  return {
    async entries() {
      const entries = await allEntries(dependencies, {
        ...{ namespace, kinds: ["trigger"] },
        labels: labels === undefined ? [] : conditionsOf(labels),
      });
      const wanted = entries.filter(
        ({ definition, endMs }) =>
          endMs === 0 && (definitions.length === 0 || definitions.includes(definition)),
      );
      return new Map(wanted.map((entry) => [entry.key.id, entry]));
    },
    async find(id) {
      try {
        const found = await triggerNamed(dependencies, id, context);
        return fits(filter, found) ? found : undefined;
      } catch (error) {
        if (triggerErrors.missing.is(error)) return undefined;
        throw error;
      }
    },
  };
}

function fits({ paused, text }: TriggerFilter, trigger: Trigger): boolean {
  if (paused !== undefined && trigger.paused !== paused) return false;
  return `${trigger.triggerId}\n${trigger.description}`.toLowerCase().includes(text.toLowerCase());
}
