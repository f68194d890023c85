import type { ArchiveEngine } from "./engine.ts";

/** Operations of an engine, in any thread. */
export type EngineCall =
  | "opening"
  | "passOver"
  | "commit"
  | "commitAll"
  | "load"
  | "keyOf"
  | "due"
  | "nextDueMs"
  | "outstanding"
  | "pack"
  | "packLocated"
  | "settle"
  | "page"
  | "search"
  | "purge"
  | "nextPurgeMs"
  | "figures"
  | "backup"
  | "filterWords";

export type EngineArguments<Call extends EngineCall> = Parameters<ArchiveEngine[Call]>;
export type EngineResult<Call extends EngineCall> = Awaited<ReturnType<ArchiveEngine[Call]>>;

/** Runs an engine. Calls are executed in order. */
export interface EngineHost {
  /** Arguments may be moved to another thread: the caller must not use them afterwards. */
  call<Call extends EngineCall>(call: Call, ...values: EngineArguments<Call>): Promise<EngineResult<Call>>;
  close(): Promise<void>;
}

/** An engine in the caller's thread: for tests, and for callers that may block. */
export class InlineHost implements EngineHost {
  readonly #engine: ArchiveEngine;
  #last: Promise<unknown> = Promise.resolve();

  constructor(engine: ArchiveEngine) {
    this.#engine = engine;
  }

  call<Call extends EngineCall>(call: Call, ...values: EngineArguments<Call>): Promise<EngineResult<Call>> {
    const done = this.#last.then(() => callEngine(this.#engine, call, values));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async close(): Promise<void> {
    await this.#last;
    this.#engine.close();
  }
}

export function callEngine<Call extends EngineCall>(
  engine: ArchiveEngine,
  call: Call,
  values: EngineArguments<Call>,
): EngineResult<Call> | Promise<EngineResult<Call>> {
  // The cast: TypeScript does not relate a method to its own arguments.
  const method = engine[call] as (...args: unknown[]) => EngineResult<Call>;
  return method.apply(engine, values);
}
