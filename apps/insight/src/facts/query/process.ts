/** The process that answers queries about facts, one after the other, until its channel is closed. */
import { answerQuery, type QueryAsked } from "./answer.ts";

// The cast is this side of the contract with query-process.ts, which sends nothing else.
process.on("message", (asked) => process.send?.(answerQuery(asked as QueryAsked)));
process.on("disconnect", () => process.exit());
