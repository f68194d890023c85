import type * as z from "zod";

/**
 * Whose a step is: `core` steps belong to Tutti and every service has them, `service` steps to the service itself,
 * `integration` steps to what it is joined with (a foreign logger, tracer, identity).
 */
export type StepScope = "core" | "service" | "integration";

/** Anything that comes after a step. */
export type Next<Input, Output> = (input: Input) => Output;

interface NamedStep<Input> {
  /** Unique in its pipeline, and a label of its metrics: a constant in kebab-case. */
  readonly name: string;
  readonly scope: StepScope;
  /** Steps of the same pipeline that have to come before this one. */
  readonly dependsOn?: readonly string[];
  /** What its input must be: a schema of zod, checked each time it runs. */
  readonly input?: z.ZodType<Input>;
}

/** Does its part, then the pipeline continues. Where it waits, the pipeline's output has to be a promise. */
export interface RunStep<Input> extends NamedStep<Input> {
  run(input: Input): void | Promise<void>;
  readonly around?: never;
  readonly output?: never;
}

/** Wraps anything that comes after it: may change the input, answer by itself, repeat, or look at the output. */
export interface AroundStep<Input, Output> extends NamedStep<Input> {
  around(input: Input, next: Next<Input, Output>): Output;
  readonly run?: never;
  /** What its output must be, or what its promise must give: a schema of zod, checked each time it runs. */
  readonly output?: z.ZodType<Awaited<Output>>;
}

export type Step<Input, Output> = RunStep<Input> | AroundStep<Input, Output>;

/** Names the types of a step where it is written: `defineStep<Call, Promise<Reply>>({ name, scope, around })`. */
export function defineStep<Input, Output>(step: Step<Input, Output>): Step<Input, Output> {
  return step;
}
