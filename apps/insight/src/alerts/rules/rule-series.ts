import type { AlertRule, Series, SeriesQuery } from "@tutti/contracts/insight/v1";
import { errorFromUnknown, type ReadOnly, toTimestamp } from "@tutti/kernel";
import type { SeriesThread } from "../../series/thread/series-thread.ts";

export interface RuleRead {
  readonly windowMs: number;
  readonly stepMs: number;
}

/** Returns the series of a rule's queries up to now. A metric without samples has no series. */
export async function ruleSeries(
  thread: Pick<SeriesThread, "request">,
  namespace: string,
  { queries }: Pick<ReadOnly<AlertRule>, "queries">,
  reads: readonly RuleRead[],
  nowMs: number,
): Promise<Series[]> {
  const all: Series[] = [];
  for (const { windowMs, stepMs } of reads) {
    const span = { from: toTimestamp(nowMs - windowMs), to: toTimestamp(nowMs) };
    for (const query of queries) {
      // The cast: only read.
      const request = { namespace, queries: [query as SeriesQuery], span, stepMs, nowMs };
      try {
        all.push(...(await thread.request("query", request)));
      } catch (thrown) {
        if (errorFromUnknown(thrown).status !== "NOT_FOUND") throw thrown;
      }
    }
  }
  return all;
}
