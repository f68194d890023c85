/** The timeline of a mission: its spans, made from its history, and those of its child missions. */
import type { GetMissionTimelineReply, GetMissionTimelineRequest } from "@tutti/contracts/swarm/v1";
import type { PageRequest, Span } from "@tutti/contracts/types/v1";
import { childSpans, modelCallSpans, pageOfSpans, spanMessage, traceIn } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { ChangedTasks } from "../board/changes.ts";
import { eventsOf, type MissionDependencies, recordsOf } from "./dependencies.ts";
import { Spans } from "./spans.ts";

/** Maximum of events that are read of a very long mission, the first ones. */
const recordsMax = 200_000;

export async function timeline(
  dependencies: MissionDependencies,
  { missionId, childDepth, page }: GetMissionTimelineRequest,
  context: CallContext,
): Promise<GetMissionTimelineReply> {
  // A mission that does not exist is reported as not found.
  await eventsOf(dependencies, missionId, context);
  const spans = new Spans();
  let traceId = "";
  for await (const record of recordsOf(dependencies, missionId, 0, context)) {
    if (record.event === 1) traceId = traceIn(record.traceparent);
    spans.apply(record);
    if (record.event >= recordsMax) break;
  }
  const messages = messagesOf(missionId, spans);
  if (childDepth > 0) {
    const tasks = await new ChangedTasks({ dependencies, missionId, context }).read();
    const children = tasks.flatMap(({ spec, child }) =>
      child?.kind === "mission" ? [{ taskId: spec?.id ?? "", id: child.id }] : [],
    );
    const of = (id: string, inPage: PageRequest) =>
      dependencies.missions.getMissionTimeline(
        { namespace: context.namespace, missionId: id, childDepth: childDepth - 1, page: inPage },
        { context },
      );
    messages.push(...(await childSpans(children, messages, of)));
  }
  return { ...pageOfSpans(messages, page), traceId };
}

function messagesOf(missionId: string, { all, modelCalls, tasks }: Spans): Span[] {
  const messages = all.map((span) => spanMessage(missionId, span, tasks[span.node] ?? ""));
  // The outermost span is the one that starts first.
  const outermost = messages[0]?.spanId ?? "";
  for (const span of messages) span.parentSpanId = span.spanId === outermost ? "" : outermost;
  for (const { within, ...noted } of modelCalls) {
    const task = tasks[noted.node] ?? "";
    const parentSpanId = within === undefined ? outermost : spanMessage(missionId, within, task).spanId;
    messages.push(...modelCallSpans(noted, { workId: missionId, task, parentSpanId }));
  }
  return messages;
}
