/** The process that answers queries about facts and analyses them, one after the other, until its channel is closed. */
import type { AnalysisAsked, AnalysisFound } from "../../analysis/analyse.ts";
import { answerQuery, type QueryAnswer, type QueryAsked } from "./answer.ts";

export type ToQueryProcess = { readonly query: QueryAsked } | { readonly analysis: AnalysisAsked };
export type FromQueryProcess =
  | { readonly answer: QueryAnswer }
  | { readonly found: AnalysisFound }
  | { readonly problem: string };

async function answerOf(asked: ToQueryProcess): Promise<FromQueryProcess> {
  try {
    if ("query" in asked) return { answer: answerQuery(asked.query) };
    // Loaded with the first analysis: a query starts the process, and its time runs.
    const { analyse } = await import("../../analysis/analyse.ts");
    return { found: analyse(asked.analysis) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

// The cast is this side of the contract with query-process.ts, which sends nothing else.
process.on("message", async (asked) => process.send?.(await answerOf(asked as ToQueryProcess)));
process.on("disconnect", () => process.exit());
