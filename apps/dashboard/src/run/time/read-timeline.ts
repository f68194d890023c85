/** The spans of work, as the service makes them from its history. */
import type { GetMissionTimelineReply, GetSessionTimelineReply, GetTimelineReply } from "@tutti/rest/types";
import { send } from "../../data/send.ts";
import { pathOf } from "../../elements/spelled.ts";
import type { SpanFacts } from "../model/facts.ts";
import { spanOf } from "../model/read.ts";

type Reply = GetTimelineReply | GetMissionTimelineReply | GetSessionTimelineReply;

/** Maximum number of spans. Tasks without spans are shown by their own times. */
const pagesMax = 12;

export async function readTimeline(
  kind: "runs" | "missions" | "sessions",
  id: string,
  signal: AbortSignal,
): Promise<{ readonly spans: readonly SpanFacts[]; readonly traceId: string; readonly isCut: boolean }> {
  const spans: SpanFacts[] = [];
  let token = "";
  let traceId = "";
  for (let page = 0; page < pagesMax; page++) {
    const query = { childDepth: 2, size: 1_000, token: token || undefined };
    const reply = (await send(
      { method: "GET", path: pathOf([kind, id, "timeline"], query) },
      signal,
    )) as Reply;
    for (const span of reply.spans ?? []) spans.push(spanOf(span));
    traceId = reply.traceId ?? "";
    token = reply.nextToken ?? "";
    if (token === "") return { spans, traceId, isCut: false };
  }
  return { spans, traceId, isCut: true };
}
