/**
 * Rules that every adapter must keep. The test provides the other system.
 *
 * The suite calls each operation that has a sample, and returns the problems. An empty list is a success.
 */
import { isTuttiError, reasonOf } from "@tutti/kernel";
import { Busy } from "../task/failure.ts";
import { type Adapter, type AdapterCall, callOperation, checkAdapter } from "./adapter.ts";

export interface Sample {
  readonly input: unknown;
  /** Returns how often the call took effect in the other system. Required for operations with a key. */
  readonly effects?: () => number | Promise<number>;
}

export interface ConformanceOptions {
  /** One input for each operation to call. */
  readonly samples: Readonly<Record<string, Sample>>;
  /** The value behind a reference. Default: the reference itself. */
  readonly secret?: (reference: string) => string;
  /** Makes the other system unreachable, for the last rule. */
  readonly disconnect?: () => void | Promise<void>;
}

export interface AdapterProblem {
  readonly rule: "check" | "schema" | "cancel" | "key" | "output" | "disconnect";
  readonly operation: string;
  readonly reason: string;
}

/** Returns the rules that an adapter breaks. */
export async function adapterProblems(
  adapter: Adapter,
  options: ConformanceOptions,
): Promise<readonly AdapterProblem[]> {
  const { samples, secret = (reference: string) => reference, disconnect } = options;
  const found: AdapterProblem[] = [];
  let keys = 0;
  const callOf = (signal = new AbortController().signal, key = `conformance-${++keys}`): AdapterCall => ({
    idempotencyKey: key,
    signal,
    secret: async (reference) => secret(reference),
  });
  const report = (rule: AdapterProblem["rule"], operation: string, reason: string) =>
    found.push({ rule, operation, reason });
  await checkAdapter(adapter, callOf()).catch((error: unknown) => report("check", "check", reasonOf(error)));
  for (const [name, sample] of Object.entries(samples)) {
    const operation = adapter.operations[name];
    if (operation === undefined) {
      report("schema", name, "the adapter has no such operation");
      continue;
    }
    const run = (call: AdapterCall, input = sample.input) =>
      callOperation(`${adapter.name}.${name}`, operation, input, call);
    const wrong = await run(callOf(), "no object").then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!isTuttiError(wrong) || wrong.retry !== "never")
      report("schema", name, "an input that is no object must fail for good");
    const cancelled = await run(callOf(AbortSignal.abort(new Error("cancelled")))).then(
      () => true,
      () => false,
    );
    if (cancelled) report("cancel", name, "a call whose task was cancelled must fail");
    const key = `conformance-${++keys}`;
    const before = await sample.effects?.();
    try {
      const first = await run(callOf(undefined, key));
      if (JSON.stringify(first ?? null) === undefined) report("output", name, "the output is no JSON");
      if (operation.repeat !== "never") await run(callOf(undefined, key));
    } catch (error) {
      report("output", name, reasonOf(error));
      continue;
    }
    const after = await sample.effects?.();
    if (before !== undefined && after !== undefined && after - before > 1)
      report("key", name, `two calls with one key took effect ${after - before} times`);
    if (operation.repeat === "key" && sample.effects === undefined)
      report("key", name, "an operation with a key needs `effects` in its sample");
  }
  if (disconnect === undefined) return found;
  await disconnect();
  for (const [name, sample] of Object.entries(samples)) {
    const operation = adapter.operations[name];
    if (operation === undefined) continue;
    const problem = await callOperation(`${adapter.name}.${name}`, operation, sample.input, callOf()).then(
      (output) => `it returned ${JSON.stringify(output)}`,
      (error: unknown) =>
        isTuttiError(error) || error instanceof Busy ? undefined : `it failed with ${reasonOf(error)}`,
    );
    const rule = "a call without a connection must fail with an error of the catalogue";
    if (problem !== undefined) report("disconnect", name, `${rule}: ${problem}`);
  }
  const isWell = await checkAdapter(adapter, callOf()).then(
    () => true,
    () => false,
  );
  if (isWell) report("disconnect", "check", "the check must fail without a connection");
  return found;
}
