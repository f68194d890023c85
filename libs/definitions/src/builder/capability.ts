/**
 * A capability with types, shared by the worker that offers it and the definitions that use it. Its schemas are those of
 * any library that follows Standard Schema (https://standardschema.dev), such as zod, valibot and arktype.
 */

/** A problem that a schema found. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export type SchemaResult<Value> =
  | { readonly value: Value; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** A schema of a library that follows Standard Schema. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    /** Some libraries also return the schema as JSON Schema. */
    readonly jsonSchema?: {
      input(options: { readonly target: "draft-2020-12" }): Record<string, unknown>;
      output(options: { readonly target: "draft-2020-12" }): Record<string, unknown>;
    };
  };
}

export interface CapabilityOptions<With, Input, Result, Output> {
  /**
   * The task passes the first type, and the handler receives the second: defaults and transformations of the schema
   * apply in between.
   */
  readonly input?: StandardSchema<With, Input>;
  /** The handler returns the first type, and the output of the task has the second. */
  readonly output?: StandardSchema<Result, Output>;
  /** Semantic version of the behavior. Default: 1.0.0. */
  readonly version?: string;
  /** Description in one sentence. */
  readonly description?: string;
}

/** A capability that a worker handles and a definition uses. */
export interface Capability<With = unknown, Input = unknown, Result = unknown, Output = unknown>
  extends CapabilityOptions<With, Input, Result, Output> {
  readonly name: string;
}

/** Declares a capability. `worker.handle` validates with its schemas, and `uses` gets its types from them. */
export function capability<With = unknown, Input = With, Result = unknown, Output = Result>(
  name: string,
  options: CapabilityOptions<With, Input, Result, Output> = {},
): Capability<With, Input, Result, Output> {
  return { name, ...options };
}
