/**
 * Methods of an object as operations: an existing class becomes an adapter.
 *
 * 1. The object is unchanged. Only listed methods can be called.
 * 2. A method that may have taken effect is called again after a failure only if its operation permits it.
 */
import { isTuttiError, reasonOf } from "@tutti/kernel";
import { type OptionNames, requireKnown, requireKnownEach } from "../options.ts";
import { Busy } from "../task/failure.ts";
import type { JsonSchema } from "../task/handlers.ts";
import {
  type Adapter,
  type AdapterCall,
  type AdapterOperation,
  type RateLimit,
  type Repeat,
  rateNames,
} from "./adapter.ts";
import { adapterErrors } from "./errors.ts";

/** Names of the methods of a class. */
export type MethodOf<Target> = {
  [Name in keyof Target]: Target[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Target] &
  string;

export interface ObjectOperation<Target> {
  readonly method: MethodOf<Target>;
  /** Members of the input that are the parameters, in order. Default: one parameter, the input. */
  readonly parameters?: readonly string[];
  readonly description?: string;
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  /** Default: `never`. */
  readonly repeat?: Repeat;
}

export interface ObjectAdapterOptions<Target> {
  /** The first part of the capabilities: `NAME.OPERATION`. */
  readonly name: string;
  readonly version?: string;
  readonly operations: Readonly<Record<string, ObjectOperation<Target>>>;
  /** Throws, or rejects, while the object is not ready. Default: always ready. */
  readonly check?: (target: Target) => unknown;
  readonly rate?: RateLimit;
}

const optionNames = {
  name: true,
  version: true,
  operations: true,
  check: true,
  rate: rateNames,
} satisfies OptionNames<ObjectAdapterOptions<object>>;
const operationOptionNames: OptionNames<ObjectOperation<object>> = {
  method: true,
  parameters: true,
  description: true,
  input: true,
  output: true,
  repeat: true,
};

/** Makes an adapter of an object. */
export function objectAdapter<Target extends object>(
  target: Target,
  options: ObjectAdapterOptions<Target>,
): Adapter {
  const { name, version, operations, check, rate } = options;
  requireKnown("objectAdapter", options, optionNames);
  requireKnownEach(name, operations, operationOptionNames);
  return {
    name,
    kind: "object",
    ...(version !== undefined && { version }),
    ...(rate !== undefined && { rate }),
    operations: Object.fromEntries(
      Object.entries(operations).map(([operation, options]) => [
        operation,
        operationOf(target, { adapter: name, operation }, options),
      ]),
    ),
    check: async () => {
      await check?.(target);
    },
  };
}

function operationOf<Target extends object>(
  target: Target,
  { adapter, operation }: { readonly adapter: string; readonly operation: string },
  { method, parameters, description, input, output, repeat = "never" }: ObjectOperation<Target>,
): AdapterOperation {
  if (typeof target[method] !== "function")
    throw adapterErrors.invalid({ adapter, problem: `\`${method}\` is no method of the object` });
  const called = target[method] as (...args: readonly unknown[]) => unknown;
  return {
    ...(description !== undefined && { description }),
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    repeat,
    async call(input: Readonly<Record<string, unknown>>, { signal }: AdapterCall) {
      signal.throwIfAborted();
      const values = parameters === undefined ? [input] : parameters.map((each) => input[each]);
      try {
        return (await called.apply(target, values)) ?? null;
      } catch (error) {
        if (repeat !== "never" || error instanceof Busy || isTuttiError(error)) throw error;
        const reason = reasonOf(error);
        throw adapterErrors.outcomeUnknown(
          { operation: `${adapter}.${operation}`, reason },
          { cause: error },
        );
      }
    },
  };
}
