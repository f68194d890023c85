/** Handlers for facts. */
import { type FactTable, type factService, QueryFactsReply } from "@tutti/contracts/insight/v1";
import { type Clock, toTimestamp } from "@tutti/kernel";
import { type Handlers, installationNamespace } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";
import type { FactCollector } from "../facts/collector.ts";
import type { QueryProcess } from "../facts/query/query-process.ts";
import { callRow } from "../facts/rows.ts";
import { factTables } from "../facts/tables.ts";
import type { FactThread } from "../facts/thread/fact-thread.ts";

export interface FactsParts {
  readonly collector: Pick<FactCollector, "catchUp" | "recordedMs">;
  readonly thread: Pick<FactThread, "request">;
  readonly queries: Pick<QueryProcess, "query">;
  readonly file: string;
  readonly clock: Clock;
}

const rowsByDefault = 1_000;

export function factsHandlers({
  collector,
  thread,
  queries,
  file,
  clock,
}: FactsParts): Handlers<typeof factService> {
  const recordedTo = () => {
    const ms = collector.recordedMs();
    return ms === 0 ? undefined : toTimestamp(ms);
  };
  return {
    async listFacts() {
      await collector.catchUp();
      const tables: FactTable[] = factTables.map(({ name, description, columns }) => ({
        name,
        description,
        columns: columns.map((column) => ({ ...column })),
      }));
      return { tables, recordedTo: recordedTo() };
    },
    async recordCalls({ processId, calls }) {
      await thread.request("record", {
        rows: { call: calls.map((call) => callRow(processId, call)) },
        cursors: {},
      });
      return {};
    },
    async queryFacts({ sql, rowsMax }, { namespace }) {
      await collector.catchUp();
      const startMs = clock.monotonic();
      const answer = await queries.query({
        file,
        sql,
        rowsMax: rowsMax || rowsByDefault,
        namespace: namespace === installationNamespace ? undefined : namespace,
      });
      if ("problem" in answer)
        throw answer.isTooMuch
          ? insightErrors.queryTooLarge()
          : insightErrors.queryRefused({ reason: answer.problem });
      return QueryFactsReply.fromPartial({
        columns: [...answer.columns],
        cut: answer.cut,
        tookMs: clock.monotonic() - startMs,
        rows: { body: { $case: "inline", value: Buffer.from(answer.rows) }, mediaType: "application/json" },
        recordedTo: recordedTo(),
      });
    },
  };
}
