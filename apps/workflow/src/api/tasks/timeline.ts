/** Where the time of a run went: its spans, made from its history, and the path that took longest. */
import type { Span } from "@tutti/contracts/types/v1";
import {
  type GetTimelineReply,
  GetTimelineRequest,
  type GetTimelineRequest as Request,
  type Task,
} from "@tutti/contracts/workflow/v1";
import { placeOfToken, sizeOf, tokenOfPlace } from "@tutti/host/serving";
import { type CallContext, fromTimestamp, isTuttiError } from "@tutti/kernel";
import { eventsOf, recordsOf } from "../runs/desk.ts";
import { criticalPathOf } from "./critical-path.ts";
import type { TaskDesk } from "./desk.ts";
import { allTasks } from "./reading.ts";
import { Spans, spanMessage } from "./spans.ts";

/** The events of a very long run that are looked at, the first ones. */
const recordsMax = 200_000;
/** Children whose spans are shown, per run. */
const childrenMax = 100;

export async function timeline(
  desk: TaskDesk,
  { runId, childDepth, page }: Request,
  context: CallContext,
): Promise<GetTimelineReply> {
  // A run that is not there is told as such.
  await eventsOf(desk, runId, context);
  const { spans, traceId } = await spansOf(desk, runId, context);
  const tasks = await allTasks(desk, runId, context);
  const nowMs = desk.foundation.clock.now();
  const shown = messagesOf(runId, spans, tasks);
  if (childDepth > 0) shown.push(...(await childSpans(desk, tasks, shown, childDepth - 1, context)));
  shown.sort((one, other) => startOf(one) - startOf(other));
  const place = placeOfToken(page?.token ?? "");
  const end = place + sizeOf(page);
  return {
    spans: shown.slice(place, end),
    criticalPath: criticalPathOf(tasks, nowMs),
    traceId,
    page: { nextToken: end < shown.length ? tokenOfPlace(end) : "", total: shown.length },
  };
}

async function spansOf(desk: TaskDesk, runId: string, context: CallContext) {
  const spans = new Spans();
  let traceId = "";
  for await (const record of recordsOf(desk, runId, 0, context)) {
    if (record.event === 1) traceId = traceOf(record.traceparent);
    spans.take(record);
    if (record.event >= recordsMax) break;
  }
  return { spans, traceId };
}

/** `00-<trace>-<span>-<flags>` */
function traceOf(traceparent: string): string {
  const [, traceId = ""] = traceparent.split("-");
  return /^0*$/.test(traceId) ? "" : traceId;
}

function messagesOf(runId: string, { all }: Spans, tasks: readonly Task[]): Span[] {
  // The whole of the run is what begins first.
  const [whole] = all;
  const outermost = whole === undefined ? "" : spanMessage(runId, whole, "").spanId;
  const shown: Span[] = [];
  for (const span of all) {
    const task = span.node < 0 ? "" : tasks[span.node]?.taskId;
    // What a reset took back has no task any more.
    if (task === undefined) continue;
    const message = spanMessage(runId, span, task);
    message.endTime ??= span.node < 0 ? undefined : tasks[span.node]?.endTime;
    message.parentSpanId = message.spanId === outermost ? "" : outermost;
    shown.push(message);
  }
  return shown;
}

function startOf({ startTime }: Span): number {
  return startTime === undefined ? 0 : fromTimestamp(startTime);
}

/** Tasks of children are named with the task that they do: `ship/pack`. */
async function childSpans(
  desk: TaskDesk,
  tasks: readonly Task[],
  shown: readonly Span[],
  childDepth: number,
  context: CallContext,
): Promise<Span[]> {
  const spans: Span[] = [];
  let children = 0;
  for (const { taskId, child } of tasks) {
    if (child === undefined || child.kind !== "run" || ++children > childrenMax) continue;
    const within = shown.findLast(({ task }) => task === taskId)?.spanId ?? "";
    for (let token: string | undefined = ""; token !== undefined; ) {
      const request = GetTimelineRequest.fromPartial({
        ...{ namespace: context.namespace, runId: child.id, childDepth },
        page: { token, size: 1_000 },
      });
      const reply: GetTimelineReply | undefined = await desk.tasks
        .getTimeline(request, { context })
        .catch(absent);
      for (const span of reply?.spans ?? [])
        spans.push({
          ...span,
          task: span.task === "" ? taskId : `${taskId}/${span.task}`,
          parentSpanId: span.parentSpanId || within,
        });
      token = reply?.page?.nextToken || undefined;
    }
  }
  return spans;
}

/** One that was not started, or is gone, has nothing to show. */
function absent(error: unknown): undefined {
  if (isTuttiError(error) && error.status === "NOT_FOUND") return undefined;
  throw error;
}
