/** The process that answers queries about facts and analyses them, one after the other, until its channel is closed. */
import type { AnalysisAsked, AnalysisFound } from "../../analysis/analyse.ts";
import type { LoadAsked, PoolLoad } from "../../analysis/recorded-load.ts";
import type { ReplayAsked, ReplayFound } from "../../analysis/replay-recorded.ts";
import { answerQuery, type QueryAnswer, type QueryAsked } from "./answer.ts";

export type ToQueryProcess =
  | { readonly query: QueryAsked }
  | { readonly analysis: AnalysisAsked }
  | { readonly load: LoadAsked }
  | { readonly replay: ReplayAsked };
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
    // Loaded with the first analysis: a query starts the process, and its time runs.
    const { analyse } = await import("../../analysis/analyse.ts");
    return { found: analyse(message.analysis) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

// The cast is this side of the contract with query-process.ts, which sends nothing else.
process.on("message", async (message) => process.send?.(await answerOf(message as ToQueryProcess)));
process.on("disconnect", () => process.exit());
