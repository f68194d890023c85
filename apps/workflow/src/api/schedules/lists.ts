import {
  type ListSchedulesReply,
  type ListSchedulesRequest,
  type Schedule,
  ScheduleFilter,
  type WatchSchedulesReply,
  type WatchSchedulesRequest,
} from "@tutti/contracts/workflow/v1";
import { aboutOf, changesOf, type Named, pageOf } from "@tutti/host/serving";
import { type CallContext, toTimestamp } from "@tutti/kernel";
import { scheduleErrors } from "@tutti/machine-schedule";
import { namedWork } from "../named-work.ts";
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
  return namedWork(dependencies, {
    kind: "schedule",
    namespace: context.namespace,
    filter,
    missing: scheduleErrors.missing,
    find: (id) => scheduleNamed(dependencies, id, context),
  });
}
