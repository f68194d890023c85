/** Where the time of a mission went: its spans, made from its history, and those of its child missions. */
import {
  type BoardTask,
  type GetMissionTimelineReply,
  GetMissionTimelineRequest,
} from "@tutti/contracts/swarm/v1";
import type { Span } from "@tutti/contracts/types/v1";
import { placeOfToken, sizeOf, tokenOfPlace } from "@tutti/host/serving";
import { type CallContext, fromTimestamp, isTuttiError } from "@tutti/kernel";
import { ChangedTasks } from "../board/changes.ts";
import { eventsOf, type MissionDesk, recordsOf } from "./desk.ts";
import { Spans, spanMessage } from "./spans.ts";

/** The events of a very long mission that are looked at, the first ones. */
const recordsMax = 200_000;
/** Children whose spans are shown, per mission. */
const childrenMax = 100;

export async function timeline(
  desk: MissionDesk,
  { missionId, childDepth, page }: GetMissionTimelineRequest,
  context: CallContext,
): Promise<GetMissionTimelineReply> {
  // A mission that is not there is told as such.
  await eventsOf(desk, missionId, context);
  const spans = new Spans();
  let traceId = "";
  for await (const record of recordsOf(desk, missionId, 0, context)) {
    if (record.event === 1) traceId = traceOf(record.traceparent);
    spans.take(record);
    if (record.event >= recordsMax) break;
  }
  const shown = messagesOf(missionId, spans);
  if (childDepth > 0) {
    const tasks = await new ChangedTasks({ desk, missionId, context }).look();
    shown.push(...(await childSpans(desk, tasks, shown, childDepth - 1, context)));
  }
  shown.sort((one, other) => startOf(one) - startOf(other));
  const place = placeOfToken(page?.token ?? "");
  const end = place + sizeOf(page);
  const nextToken = end < shown.length ? tokenOfPlace(end) : "";
  return { spans: shown.slice(place, end), traceId, page: { nextToken, total: shown.length } };
}

function messagesOf(missionId: string, { all, tasks }: Spans): Span[] {
  const shown = all.map((span) => spanMessage(missionId, span, tasks[span.node] ?? ""));
  // The whole is what begins first.
  const outermost = shown[0]?.spanId ?? "";
  for (const span of shown) span.parentSpanId = span.spanId === outermost ? "" : outermost;
  return shown;
}

/** `00-<trace>-<span>-<flags>` */
function traceOf(traceparent: string): string {
  const [, traceId = ""] = traceparent.split("-");
  return /^0*$/.test(traceId) ? "" : traceId;
}

function startOf({ startTime }: Span): number {
  return startTime === undefined ? 0 : fromTimestamp(startTime);
}

/** Tasks of children are named with the task that they do: `ship/pack`. */
async function childSpans(
  desk: MissionDesk,
  tasks: readonly BoardTask[],
  shown: readonly Span[],
  childDepth: number,
  context: CallContext,
): Promise<Span[]> {
  const spans: Span[] = [];
  const children = tasks.filter(({ child }) => child?.kind === "mission").slice(0, childrenMax);
  for (const { spec, child } of children) {
    const taskId = spec?.id ?? "";
    const within = shown.findLast(({ task }) => task === taskId)?.spanId ?? "";
    const request = GetMissionTimelineRequest.fromPartial({
      ...{ namespace: context.namespace, missionId: child?.id ?? "", childDepth },
      page: { size: 1_000 },
    });
    const reply = await desk.missions.getMissionTimeline(request, { context }).catch(absent);
    for (const span of reply?.spans ?? []) {
      const task = span.task === "" ? taskId : `${taskId}/${span.task}`;
      spans.push({ ...span, task, parentSpanId: span.parentSpanId || within });
    }
  }
  return spans;
}

/** One that was not started, or is gone, has nothing to show. */
function absent(error: unknown): undefined {
  if (isTuttiError(error) && error.status === "NOT_FOUND") return undefined;
  throw error;
}
