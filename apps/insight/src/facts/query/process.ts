/** The process that answers queries about facts and analyses them, one after the other, until its channel is closed. */
import type { AnalysisFound, AnalysisQuery } from "../../analysis/analyse.ts";
import type { LoadQuery, PoolLoad } from "../../analysis/recorded-load.ts";
import type { ReplayFound, ReplayQuery } from "../../analysis/replay-recorded.ts";
import { answerQuery, type FactQuery, type QueryAnswer } from "./answer.ts";

export type ToQueryProcess =
  | { readonly query: FactQuery }
  | { readonly analysis: AnalysisQuery }
  | { readonly load: LoadQuery }
  | { readonly replay: ReplayQuery };
export type FromQueryProcess =
  | { readonly answer: QueryAnswer }
  | { readonly found: AnalysisFound }
  | { readonly loads: readonly PoolLoad[] }
  | { readonly replayed: ReplayFound }
  | { readonly problem: string };

async function answerOf(message: ToQueryProcess): Promise<FromQueryProcess> {
  try {
    if ("query" in message) return { answer: answerQuery(message.query) };
    if ("load" in message) {
      const { loadRecorded } = await import("../../analysis/recorded-load.ts");
      return { loads: loadRecorded(message.load) };
    }
    if ("replay" in message) {
      const { replayRecorded } = await import("../../analysis/replay-recorded.ts");
      return { replayed: replayRecorded(message.replay) };
    }
    // Loaded with the first analysis, because the time limit of a query includes the start of the process.
    const { analyse } = await import("../../analysis/analyse.ts");
    return { found: analyse(message.analysis) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

// The cast is this side of the contract with query-process.ts, which sends nothing else.
process.on("message", async (message) => process.send?.(await answerOf(message as ToQueryProcess)));
process.on("disconnect", () => process.exit());
