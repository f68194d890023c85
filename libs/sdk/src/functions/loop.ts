/**
 * A long loop continues as a new run at the end of a round, so that its history stays short.
 *
 * 1. The next run starts the code from the beginning. So nothing may be done before the loop, and the loop starts with the state
 *    that the round before returned.
 * 2. A round that the journal has entries behind is continued by this run, also when the number of steps has changed.
 * 3. The run continues at a quiet point: no step and no task is open, and nothing waits to be compensated.
 */
import type { Json } from "@tutti/expressions";

/** Result of the last round of a loop, by `ctx.done`. */
export class LoopDone<Output> {
  readonly output: Output;

  constructor(output: Output) {
    this.output = output;
  }
}

export interface LoopOptions {
  /** Steps after which the loop continues as a new run. Default: 1,000. */
  readonly steps?: number;
}

export const loopStepsDefault = 1_000;

/** State that a run passes to the run that it continues as. */
export interface CarriedLoop {
  readonly state: Json;
  /** Those of `ctx.state`. */
  readonly values: Readonly<Record<string, Json>>;
  /** That of the first run. */
  readonly input: Json;
}

/** Under which name it is the output of a run and the input of the next one. */
export const carriedName = "tutti.loop";

/** Returns what an input carries. Undefined for that of a first run. */
export function carriedIn(input: Json): CarriedLoop | undefined {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
  return (input as Readonly<Record<string, Json>>)[carriedName] as unknown as CarriedLoop | undefined;
}

/** How the definition of a function continues as new. */
export function continuationOf(name: string) {
  const output = `tasks[${JSON.stringify(name)}].output`;
  return {
    when: `\${{ type(${output}) == map && ${JSON.stringify(carriedName)} in ${output} }}`,
    with: `\${{ ${output} }}`,
  };
}
