import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startConversation } from "../../processes/conversation.ts";
import type { ChainFigures } from "./chain-client.ts";
import type { EngineGreeting, EngineUsage } from "./engine-process.ts";
import type { Codecs } from "./server.ts";
import type { WorkerQuestion } from "./worker-process.ts";

/** An engine, and an agent with its client, in two processes. They are ready for repeated measurements. */
export interface Arena extends AsyncDisposable {
  measure(concurrency: number, seconds: number): Promise<ArenaFigures>;
}

interface ArenaFigures {
  readonly [figure: string]: number;
  readonly stepsPerSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Total time of the engine's main thread. */
  readonly mainUsPerStep: number;
}

interface ArenaOptions {
  /** The program with the engine. Its parameters are a separate directory and the codecs of frames. */
  readonly program: URL;
  /** Codecs with which each side reads frames. */
  readonly codecs: { readonly engine: Codecs; readonly agent: Codecs };
  /** Further parameters of the program. */
  readonly parameters?: readonly string[];
}

export async function openArena({ program, codecs, parameters = [] }: ArenaOptions): Promise<Arena> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-bench-"));
  const engine = await startConversation<object, EngineUsage, EngineGreeting>([
    fileURLToPath(program),
    directory,
    codecs.engine,
    ...parameters,
  ]);
  const worker = await startConversation<WorkerQuestion, ChainFigures, object>([
    fileURLToPath(new URL("worker-process.ts", import.meta.url)),
    engine.greeting.address,
    codecs.agent,
    engine.greeting.key,
  ]);
  return {
    async measure(concurrency, seconds) {
      const before = await engine.request({});
      const { steps, ...figures } = await worker.request({ concurrency, seconds });
      const after = await engine.request({});
      return { ...figures, mainUsPerStep: (after.mainUs - before.mainUs) / steps };
    },
    [Symbol.asyncDispose]: async () => {
      await worker[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
