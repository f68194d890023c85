import type * as z from "zod";

/**
 * Owner of a step: `core` steps belong to Tutti and every service has them, `service` steps to the service itself,
 * `integration` steps to a connected system (a foreign logger, tracer, identity).
 */
export type StepScope = "core" | "service" | "integration";

/** The rest of the pipeline after a step. */
export type Next<Input, Output> = (input: Input) => Output;

interface NamedStep<Input> {
  /** Unique in its pipeline, and a label of its metrics: a constant in kebab-case. */
  readonly name: string;
  readonly scope: StepScope;
  /** Steps of the same pipeline that must come before this one. */
  readonly dependsOn?: readonly string[];
  /** Schema of its input, a zod schema that is checked at each run. */
  readonly input?: z.ZodType<Input>;
}

/** Does its part, then the pipeline continues. If it waits, the pipeline's output must be a promise. */
export interface RunStep<Input> extends NamedStep<Input> {
  run(input: Input): void | Promise<void>;
  readonly around?: never;
  readonly output?: never;
}

/** Wraps the rest of the pipeline: may change the input, answer by itself, repeat, or inspect the output. */
export interface AroundStep<Input, Output> extends NamedStep<Input> {
  around(input: Input, next: Next<Input, Output>): Output;
  readonly run?: never;
  /** Schema of its output, or of its promise's value, a zod schema that is checked at each run. */
  readonly output?: z.ZodType<Awaited<Output>>;
}

export type Step<Input, Output> = RunStep<Input> | AroundStep<Input, Output>;

/** Declares the types of a step in its definition: `defineStep<Call, Promise<Reply>>({ name, scope, around })`. */
export function defineStep<Input, Output>(step: Step<Input, Output>): Step<Input, Output> {
  return step;
}
