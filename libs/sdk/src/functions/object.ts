/** Keyed objects: durable functions that share values, one call at a time per key. */
import { sdkErrors } from "../errors.ts";
import type { FunctionContext } from "./context.ts";
import { type DurableFunction, type DurableOptions, durable } from "./durable.ts";
import type { CallableObject, ObjectHandlers, Reader } from "./object-calls.ts";

// biome-ignore lint/suspicious/noExplicitAny: any input and output: each call has its own
type Handler = (ctx: FunctionContext, input: any) => any;
type Handlers = Readonly<Record<string, Handler | Reader<Handler>>>;

export interface ObjectCallInput {
  readonly key: string;
  readonly call: string;
  readonly input?: unknown;
}

export interface KeyedObject<Given extends ObjectHandlers = ObjectHandlers>
  extends DurableFunction<ObjectCallInput, unknown>,
    CallableObject<Given> {}

/**
 * Attempts of a turn, then the call fails: others wait for it.
 *
 * @defaults
 */
const turnRetry = { attempts: 5, backoff: "1s..10s" } as const;

const nameForm = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * Creates a keyed object. Give it to a worker with `worker.durable(cart)`. Calls of one key run one after the other,
 * and share the values of `ctx.state`.
 */
export function object<const Given extends Handlers>(
  name: string,
  handlers: Given,
  options: DurableOptions = {},
): KeyedObject<Given> {
  const calls = Object.keys(handlers);
  const wrong = calls.find((call) => !nameForm.test(call));
  if (wrong !== undefined || calls.length === 0)
    throw sdkErrors.objectCallInvalid({ name, call: wrong ?? "" });
  const readers = calls.filter((call) => isReader(handlers[call]));
  const fn = durable<ObjectCallInput, unknown>(
    name,
    (ctx, { call, input }) => codeOf(name, handlers, call)(ctx, input),
    { retry: turnRetry, ...options },
  );
  const { workflow, ...rest } = fn.definition;
  return {
    ...fn,
    handlers,
    definition: {
      workflow,
      object: {
        key: "${{ input.key }}",
        call: "${{ input.call }}",
        ...(readers.length > 0 && {
          reader: `input.call in [${readers.map((each) => `'${each}'`).join(", ")}]`,
        }),
      },
      input: { schema: inputSchema(calls) },
      ...rest,
    },
  };
}

/** Marks a call that only reads. It sees committed values, and runs next to the others. */
export function reader<Code extends Handler>(code: Code): Reader<Code> {
  return { reader: code };
}

function isReader(handler: Handlers[string] | undefined): handler is Reader<Handler> {
  return typeof handler === "object";
}

function codeOf(name: string, handlers: Handlers, call: string): Handler {
  const handler = Object.hasOwn(handlers, call) ? handlers[call] : undefined;
  if (handler === undefined) throw sdkErrors.objectCallUnknown({ name, call });
  return isReader(handler) ? handler.reader : handler;
}

function inputSchema(calls: readonly string[]) {
  return {
    type: "object",
    properties: { key: { type: "string", minLength: 1 }, call: { enum: [...calls] }, input: {} },
    required: ["key", "call"],
    additionalProperties: false,
  };
}
