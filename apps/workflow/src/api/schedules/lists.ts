import {
  type ListSchedulesReply,
  type ListSchedulesRequest,
  type Schedule,
  ScheduleFilter,
  type WatchSchedulesReply,
  type WatchSchedulesRequest,
} from "@tutti/contracts/workflow/v1";
import { conditionsOf } from "@tutti/host";
import { aboutOf, allEntries, changesOf, type Named, pageOf } from "@tutti/host/serving";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { scheduleErrors } from "@tutti/machine-schedule";
import { type ScheduleDependencies, scheduleNamed } from "./dependencies.ts";

export async function listSchedules(
  dependencies: ScheduleDependencies,
  { filter = ScheduleFilter.create(), page }: ListSchedulesRequest,
  context: CallContext,
): Promise<ListSchedulesReply> {
  const indexedTo = toTimestamp(dependencies.foundation.clock.now());
  const { items, nextToken } = await pageOf(schedulesBy(dependencies, filter, context), page);
  return { schedules: items, page: { nextToken }, indexedTo };
}

export async function* watchSchedules(
  dependencies: ScheduleDependencies,
  { filter = ScheduleFilter.create(), cursor }: WatchSchedulesRequest,
  context: CallContext,
): AsyncGenerator<WatchSchedulesReply, void> {
  const named = schedulesBy(dependencies, filter, context);
  const about = aboutOf("schedule", ScheduleFilter.encode(filter).finish(), context);
  const watching = { cursor, ...about, memory: dependencies.watches };
  for await (const { changed, removed, ...place } of changesOf(
    named,
    watching,
    dependencies.foundation,
    context.signal,
  ))
    yield { schedules: changed, removedIds: removed, ...place };
}

function schedulesBy(
  dependencies: ScheduleDependencies,
  filter: ScheduleFilter,
  context: CallContext,
): Named<Schedule> {
  const { namespace } = context;
  const { definitions, labels } = filter;
  return {
    async entries() {
      const entries = await allEntries(dependencies, {
        ...{ namespace, kinds: ["schedule"] },
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
        const found = await scheduleNamed(dependencies, id, context);
        return fits(filter, found) ? found : undefined;
      } catch (error) {
        if (scheduleErrors.missing.is(error)) return undefined;
        throw error;
      }
    },
  };
}

function fits({ paused, text }: ScheduleFilter, schedule: Schedule): boolean {
  if (paused !== undefined && schedule.paused !== paused) return false;
  return `${schedule.scheduleId}\n${schedule.description}`.toLowerCase().includes(text.toLowerCase());
}
