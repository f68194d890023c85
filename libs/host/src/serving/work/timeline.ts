/** Where the time of work went: what runs and missions show of it alike. */
import type { PageReply, PageRequest, Span } from "@tutti/contracts/types/v1";
import { fromTimestamp, isTuttiError } from "@tutti/kernel";
import { placeOfToken, sizeOf, tokenOfPlace } from "../machine-calls.ts";

/** Work that does a task of other work. */
interface ChildOfTask {
  readonly taskId: string;
  readonly id: string;
}

interface SpanPage {
  readonly spans: Span[];
  readonly page: PageReply | undefined;
}

/** Children whose spans are shown, per work. */
const childrenMax = 100;
const pageSize = 1_000;

/** Spans of children, within those of the tasks that they do. Their tasks are named with these: `ship/pack`. */
export async function childSpans(
  children: readonly ChildOfTask[],
  shown: readonly Span[],
  spansOf: (id: string, page: PageRequest) => Promise<SpanPage>,
): Promise<Span[]> {
  const spans: Span[] = [];
  for (const { taskId, id } of children.slice(0, childrenMax)) {
    const within = shown.findLast(({ task }) => task === taskId)?.spanId ?? "";
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

/** A page of spans, what began first before the others. */
export function pageOfSpans(spans: readonly Span[], page: PageRequest | undefined): SpanPage {
  const all = [...spans].sort((one, other) => startOf(one) - startOf(other));
  const place = placeOfToken(page?.token ?? "");
  const end = place + sizeOf(page);
  return {
    spans: all.slice(place, end),
    page: { nextToken: end < all.length ? tokenOfPlace(end) : "", total: all.length },
  };
}

/** The trace in `00-<trace>-<span>-<flags>`; empty where there is none. */
export function traceIn(traceparent: string): string {
  const [, traceId = ""] = traceparent.split("-");
  return /^0*$/.test(traceId) ? "" : traceId;
}

function startOf({ startTime }: Span): number {
  return startTime === undefined ? 0 : fromTimestamp(startTime);
}

/** One that was not started, or is gone, has nothing to show. */
function absent(error: unknown): undefined {
  if (isTuttiError(error) && error.status === "NOT_FOUND") return undefined;
  throw error;
}
