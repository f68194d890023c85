/** The process that answers queries about facts and analyses them, one after the other, until its channel is closed. */
import { errorFromUnknown } from "@tutti/kernel";
import { type AnalysisAsked, type AnalysisFound, analyse } from "../../analysis/analyse.ts";
import { answerQuery, type QueryAnswer, type QueryAsked } from "./answer.ts";

export type ToQueryProcess = { readonly query: QueryAsked } | { readonly analysis: AnalysisAsked };
export type FromQueryProcess =
  | { readonly answer: QueryAnswer }
  | { readonly found: AnalysisFound }
  | { readonly problem: string };

function answerOf(asked: ToQueryProcess): FromQueryProcess {
  try {
    return "query" in asked ? { answer: answerQuery(asked.query) } : { found: analyse(asked.analysis) };
  } catch (error) {
    return { problem: errorFromUnknown(error).message };
  }
}

// The cast is this side of the contract with query-process.ts, which sends nothing else.
process.on("message", (asked) => process.send?.(answerOf(asked as ToQueryProcess)));
process.on("disconnect", () => process.exit());
