/** Time spent by work, in one form for runs, missions and sessions. */
import { createHash } from "node:crypto";
import {
  type ModelCalls,
  type PageReply,
  type PageRequest,
  type Span,
  SpanKind,
} from "@tutti/contracts/types/v1";
import { fromTimestamp, isTuttiError, toTimestamp } from "@tutti/kernel";
import { placeOfToken, sizeOf, tokenOfPlace } from "../machine-calls.ts";

/** Work that executes a task of other work, or a part of a session. */
interface ChildOfTask {
  readonly taskId: string;
  readonly id: string;
}

interface SpanPage {
  readonly spans: Span[];
  readonly page: PageReply | undefined;
}

/** Maximum number of children per work whose spans are shown. */
const childrenMax = 100;
const pageSize = 1_000;

/**
 * Returns the spans of children, within those of the tasks that they execute. Their task names include the parent's:
 * `ship/pack`.
 */
export async function childSpans(
  children: readonly ChildOfTask[],
  parentSpans: readonly Span[],
  spansOf: (id: string, page: PageRequest) => Promise<SpanPage>,
): Promise<Span[]> {
  const spans: Span[] = [];
  for (const { taskId, id } of children.slice(0, childrenMax)) {
    const within = parentSpans.findLast(({ task }) => task === taskId)?.spanId ?? "";
    for (let token: string | undefined = ""; token !== undefined; ) {
      const found: SpanPage | undefined = await spansOf(id, { token, size: pageSize }).catch(absent);
      for (const span of found?.spans ?? [])
        spans.push({
          ...span,
          task: span.task === "" ? taskId : `${taskId}/${span.task}`,
          parentSpanId: span.parentSpanId || within,
        });
      token = found?.page?.nextToken || undefined;
    }
  }
  return spans;
}

/** The model calls of an attempt, recorded at its end. */
export interface RecordedModelCalls {
  readonly node: number;
  readonly attempt: number;
  readonly agent: string;
  readonly endMs: number;
  readonly calls: ModelCalls | undefined;
}

/** Returns each model call as a span within another one. Its id is derived from its content. */
export function modelCallSpans(
  { node, attempt, agent, endMs, calls }: RecordedModelCalls,
  { workId, task, parentSpanId }: { workId: string; task: string; parentSpanId: string },
): Span[] {
  return (calls?.calls ?? []).map((call, index) => {
    const startMs = endMs - call.agoMs;
    return {
      task,
      kind: SpanKind.SPAN_KIND_MODEL_CALL,
      attempt,
      agentId: agent,
      parentSpanId,
      startTime: toTimestamp(startMs),
      endTime: toTimestamp(Math.min(endMs, startMs + call.tookMs)),
      spanId: spanIdOf(workId, node, "model call", attempt, index),
      modelCall: call,
    };
  });
}

/** Returns the same id for the same content, and another one for any other. */
export function spanIdOf(...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
}

/** Returns a page of spans, in the order of their start. */
export function pageOfSpans(spans: readonly Span[], page: PageRequest | undefined): SpanPage {
  const all = [...spans].sort((one, other) => startOf(one) - startOf(other));
  const place = placeOfToken(page?.token ?? "");
  const end = place + sizeOf(page);
  return {
    spans: all.slice(place, end),
    page: { nextToken: end < all.length ? tokenOfPlace(end) : "", total: all.length },
  };
}

/** Returns the trace in `00-<trace>-<span>-<flags>`. Empty if there is none. */
export function traceIn(traceparent: string): string {
  const [, traceId = ""] = traceparent.split("-");
  return /^0*$/.test(traceId) ? "" : traceId;
}

function startOf({ startTime }: Span): number {
  return startTime === undefined ? 0 : fromTimestamp(startTime);
}

/** A child that was not started, was removed, or is not visible to the caller has no spans. */
function absent(error: unknown): undefined {
  if (isTuttiError(error) && hidden.has(error.status)) return undefined;
  throw error;
}

const hidden: ReadonlySet<string> = new Set(["NOT_FOUND", "PERMISSION_DENIED"]);
