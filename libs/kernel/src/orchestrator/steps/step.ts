/**
 * Whose a step is: `core` steps belong to Tutti and every service has them, `service` steps to the service itself,
 * `integration` steps to what it is joined with (a foreign logger, tracer, identity).
 */
export type StepScope = "core" | "service" | "integration";

/** What comes after a step. */
export type Next<Input, Output> = (input: Input) => Output;

interface NamedStep {
  /** Unique in its pipeline, and a label of its metrics: a constant in kebab-case. */
  readonly name: string;
  readonly scope: StepScope;
  /** Steps of the same pipeline that have to come before this one. */
  readonly dependsOn?: readonly string[];
}

/** Does its part, then the pipeline goes on. Where it waits, the pipeline's output has to be a promise. */
export interface RunStep<Input> extends NamedStep {
  run(input: Input): void | Promise<void>;
  readonly around?: never;
}

/** Wraps what comes after it: may change the input, answer by itself, repeat, or look at the output. */
export interface AroundStep<Input, Output> extends NamedStep {
  around(input: Input, next: Next<Input, Output>): Output;
  readonly run?: never;
}

export type Step<Input, Output> = RunStep<Input> | AroundStep<Input, Output>;

/** Names the types of a step where it is written: `defineStep<Call, Promise<Reply>>({ name, scope, around })`. */
export function defineStep<Input, Output>(step: Step<Input, Output>): Step<Input, Output> {
  return step;
}
