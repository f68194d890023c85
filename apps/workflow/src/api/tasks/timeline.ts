/** The timeline of a run: its spans, made from its history, and its critical path. */
import type { PageRequest, Span } from "@tutti/contracts/types/v1";
import type { GetTimelineReply, GetTimelineRequest, Task } from "@tutti/contracts/workflow/v1";
import { childSpans, modelCallSpans, pageOfSpans, spanMessage, traceIn } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { eventsOf, recordsOf } from "../runs/dependencies.ts";
import { criticalPathOf } from "./critical-path.ts";
import type { TaskDependencies } from "./dependencies.ts";
import { allTasks } from "./reading.ts";
import { Spans } from "./spans.ts";

/** Maximum of events that are read of a very long run, the first ones. */
const recordsMax = 200_000;

export async function timeline(
  dependencies: TaskDependencies,
  { runId, childDepth, page }: GetTimelineRequest,
  context: CallContext,
): Promise<GetTimelineReply> {
  // A run that does not exist is reported as not found.
  await eventsOf(dependencies, runId, context);
  const { spans, traceId } = await spansOf(dependencies, runId, context);
  const tasks = await allTasks(dependencies, runId, context);
  const nowMs = dependencies.foundation.clock.now();
  const messages = messagesOf(runId, spans, tasks);
  if (childDepth > 0) {
    const children = tasks.flatMap(({ taskId, child }) =>
      child?.kind === "run" ? [{ taskId, id: child.id }] : [],
    );
    const of = (id: string, inPage: PageRequest) =>
      dependencies.tasks.getTimeline(
        { namespace: context.namespace, runId: id, childDepth: childDepth - 1, page: inPage },
        { context },
      );
    messages.push(...(await childSpans(children, messages, of)));
  }
  return { ...pageOfSpans(messages, page), criticalPath: criticalPathOf(tasks, nowMs), traceId };
}

async function spansOf(dependencies: TaskDependencies, runId: string, context: CallContext) {
  const spans = new Spans();
  let traceId = "";
  for await (const record of recordsOf(dependencies, runId, 0, context)) {
    if (record.event === 1) traceId = traceIn(record.traceparent);
    spans.add(record);
    if (record.event >= recordsMax) break;
  }
  return { spans, traceId };
}

function messagesOf(runId: string, { all, modelCalls }: Spans, tasks: readonly Task[]): Span[] {
  // The span of the whole run starts first.
  const [runSpan] = all;
  const outermost = runSpan === undefined ? "" : spanMessage(runId, runSpan, "").spanId;
  const messages: Span[] = [];
  for (const span of all) {
    const task = span.node < 0 ? "" : tasks[span.node]?.taskId;
    // A task that a reset has undone no longer exists.
    if (task === undefined) continue;
    const message = spanMessage(runId, span, task);
    message.endTime ??= span.node < 0 ? undefined : tasks[span.node]?.endTime;
    message.parentSpanId = message.spanId === outermost ? "" : outermost;
    messages.push(message);
  }
  for (const { within, ...noted } of modelCalls) {
    const task = tasks[noted.node]?.taskId;
    if (task === undefined) continue;
    const parentSpanId = within === undefined ? outermost : spanMessage(runId, within, task).spanId;
    messages.push(...modelCallSpans(noted, { workId: runId, task, parentSpanId }));
  }
  return messages;
}
