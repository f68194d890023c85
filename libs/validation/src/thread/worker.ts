import { parentPort } from "node:worker_threads";
import type { ThreadAnswer } from "@tutti/journal";
import { errorFromUnknown, toProblem } from "@tutti/kernel";
import type { CheckQuestion } from "./check-thread.ts";
import { checks } from "./checks.ts";

/** The thread of checks: one question after the other. */
parentPort?.on("message", ({ id, check, values }: CheckQuestion) => {
  parentPort?.postMessage(answerOf(id, check, values));
});

function answerOf(id: number, check: CheckQuestion["check"], values: readonly unknown[]): ThreadAnswer {
  try {
    // The cast: TypeScript does not see that a check goes with its own values.
    const run = checks[check] as (...values: readonly unknown[]) => unknown;
    return { id, result: run(...values) };
  } catch (error) {
    return { id, problem: toProblem(errorFromUnknown(error)) };
  }
}
