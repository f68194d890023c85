/** The capabilities that the conformance program requires of a worker, in TypeScript. Other languages offer the same. */

import { sleep, systemTimers } from "@tutti/kernel";
import { Busy, TaskFailure } from "../task/failure.ts";
import type { Worker } from "../worker/worker.ts";

interface Failing {
  readonly code: string;
  readonly message: string;
  readonly final?: boolean;
  readonly retryAfterMs?: number;
  readonly details?: Readonly<Record<string, string>>;
}

interface Streaming {
  readonly chunks: readonly string[];
  readonly channel?: string;
}

const betweenProgressMs = 20;

export function handleConformance(worker: Worker): void {
  worker
    .handle("conformance.echo", (input) => input)
    .handle("conformance.fail", ({ code, message, ...options }: Failing) => {
      throw new TaskFailure(code, message, options);
    })
    .handle("conformance.throw", ({ message }: { readonly message: string }) => {
      throw new RangeError(message);
    })
    .handle("conformance.busy", ({ retryAfterMs }: { readonly retryAfterMs: number }) => {
      throw new Busy({ retryAfterMs });
    })
    .handle("conformance.slow", async ({ ms }: { readonly ms: number }, context) => {
      await waitFor(ms, context.signal);
      return { waited: ms };
    })
    .handle("conformance.stubborn", async ({ ms }: { readonly ms: number }) => {
      await waitFor(ms);
      return { waited: ms };
    })
    .handle("conformance.stream", async ({ chunks, channel = "" }: Streaming, context) => {
      for (const chunk of chunks) await context.output(chunk, { channel });
      return { count: chunks.length };
    })
    .handle("conformance.saved", (_, context) => {
      if (context.saved !== undefined) return { saved: context.saved };
      context.progress({ fraction: 0.5, message: "half", saved: { step: 1 } });
      throw new Error("half of it is done");
    })
    .handle("conformance.progress", async ({ count }: { readonly count: number }, context) => {
      for (let step = 1; step <= count; step++) {
        context.progress({ fraction: step / count, message: `${step} of ${count}` });
        await waitFor(betweenProgressMs);
      }
      return { count };
    })
    .handle("conformance.learn", ({ name }: { readonly name: string }) => {
      worker.handle(name, (input) => input);
      return { learned: name };
    })
    .handle("conformance.nap", ({ ms }: { readonly ms: number }) => {
      worker.sleep("it was asked to", ms);
      return { napped: ms };
    })
    .handle("conformance.big", ({ bytes }: { readonly bytes: number }) => "x".repeat(bytes))
    .handle("conformance.garbage", () => ({ deep: [1, { wrong: () => "a function" }] }))
    .handle("conformance.context", (_, context) => {
      const { workId, taskId, attempt, idempotencyKey, namespace, traceparent, labels, remainingMs } =
        context;
      const remaining = Number.isFinite(remainingMs) ? remainingMs : null;
      return {
        workId,
        taskId,
        attempt,
        idempotencyKey,
        namespace,
        traceparent,
        labels,
        remainingMs: remaining,
      };
    });
}

/** Resolves after the time, or rejects as soon as the signal is aborted. */
function waitFor(ms: number, signal?: AbortSignal): Promise<void> {
  return sleep(systemTimers, ms, signal);
}
