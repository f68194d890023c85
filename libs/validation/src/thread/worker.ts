import { parentPort } from "node:worker_threads";
import type { ThreadAnswer } from "@tutti/journal";
import { errorFromUnknown, toProblem } from "@tutti/kernel";
import type { CheckQuestion } from "./check-thread.ts";
import { checks } from "./checks.ts";

/** The thread of checks: one request after the other. */
parentPort?.on("message", ({ id, check, values }: CheckQuestion) => {
  parentPort?.postMessage(answerOf(id, check, values));
});

function answerOf(id: number, check: CheckQuestion["check"], values: readonly unknown[]): ThreadAnswer {
  try {
    // The cast is needed because TypeScript does not connect a check with its values.
    const run = checks[check] as (...values: readonly unknown[]) => unknown;
    return { id, result: run(...values) };
  } catch (error) {
    return { id, problem: toProblem(errorFromUnknown(error)) };
  }
}
