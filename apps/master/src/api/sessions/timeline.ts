/** The timeline of a session: its spans, made from its history, and those of the works of its parts. */
import type { GetSessionTimelineReply, GetSessionTimelineRequest } from "@tutti/contracts/session/v1";
import { type PageRequest, type Span, SpanKind } from "@tutti/contracts/types/v1";
import { childSpans, pageOfSpans, spanMessage, traceIn, workNode } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { partId, showSession } from "@tutti/machine-session";
import { eventsOf, querySession, recordsOf, type SessionDependencies } from "./dependencies.ts";
import { Spans } from "./spans.ts";

/** Maximum of events that are read of a very long session, the first ones. */
const recordsMax = 200_000;

export async function timeline(
  dependencies: SessionDependencies,
  { sessionId, childDepth, page }: GetSessionTimelineRequest,
  context: CallContext,
): Promise<GetSessionTimelineReply> {
  // A session that does not exist is reported as not found.
  await eventsOf(dependencies, sessionId, context);
  const spans = new Spans();
  let traceId = "";
  for await (const record of recordsOf(dependencies, sessionId, 0, context)) {
    if (record.event === 1) traceId = traceIn(record.traceparent);
    spans.apply(record);
    if (record.event >= recordsMax) break;
  }
  const messages = messagesOf(sessionId, spans);
  if (childDepth > 0)
    messages.push(...(await ofParts(dependencies, { sessionId, childDepth }, messages, context)));
  return { ...pageOfSpans(messages, page), traceId };
}

function messagesOf(sessionId: string, { all }: Spans): Span[] {
  const messages = all.map((span) =>
    spanMessage(sessionId, span, span.node === workNode ? "" : partId(span.node)),
  );
  const outermost = messages.find(({ kind }) => kind === SpanKind.SPAN_KIND_WHOLE)?.spanId ?? "";
  for (const span of messages) span.parentSpanId = span.spanId === outermost ? "" : outermost;
  return messages;
}

async function ofParts(
  dependencies: SessionDependencies,
  { sessionId, childDepth }: Pick<GetSessionTimelineRequest, "sessionId" | "childDepth">,
  messages: readonly Span[],
  context: CallContext,
): Promise<Span[]> {
  const call = { query: showSession, body: { whole: false } };
  const { parts } = await querySession(dependencies, sessionId, call, context);
  const works = parts.flatMap(({ partId: taskId, work }) =>
    work === undefined ? [] : [{ taskId, id: work.id, kind: work.kind }],
  );
  const missions = new Set(works.flatMap(({ id, kind }) => (kind === "mission" ? [id] : [])));
  return childSpans(works, messages, (id: string, inPage: PageRequest) => {
    const which = { namespace: context.namespace, childDepth: childDepth - 1, page: inPage };
    return missions.has(id)
      ? dependencies.missions.getMissionTimeline({ ...which, missionId: id }, { context })
      : dependencies.tasks.getTimeline({ ...which, runId: id }, { context });
  });
}
