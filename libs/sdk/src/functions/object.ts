/** Keyed objects: durable functions that share values, one call at a time per key. */
import type { Json } from "@tutti/expressions";
import { sdkErrors } from "../errors.ts";
import type { FunctionContext } from "./context.ts";
import { type DurableFunction, type DurableOptions, durable } from "./durable.ts";

// biome-ignore lint/suspicious/noExplicitAny: any input and output: each call has its own
type AnyHandler = (ctx: FunctionContext, input: any) => any;

/** A call that only reads. It runs next to the others. */
export interface Reader<Handler extends AnyHandler = AnyHandler> {
  readonly reader: Handler;
}

export type ObjectHandlers = Readonly<Record<string, AnyHandler | Reader>>;

type CodeOf<Handler> = Handler extends Reader<infer Code> ? Code : Handler;
type CallOf<Code> = Code extends (ctx: FunctionContext, input: infer Input) => infer Output
  ? unknown extends Input
    ? (input?: unknown) => Promise<Awaited<Output>>
    : (input: Input) => Promise<Awaited<Output>>
  : never;

/** The calls of an object, as callers see them. */
export type ObjectCalls<Handlers extends ObjectHandlers> = {
  readonly [Name in keyof Handlers]: CallOf<CodeOf<Handlers[Name]>>;
};

/** Calls of an object that is known by its name only. */
export type AnyCalls = Readonly<Record<string, (input?: unknown) => Promise<Json>>>;

export interface ObjectCallInput {
  readonly key: string;
  readonly call: string;
  readonly input?: unknown;
}

export interface KeyedObject<Handlers extends ObjectHandlers = ObjectHandlers>
  extends DurableFunction<ObjectCallInput, unknown> {
  readonly handlers: Handlers;
}

/**
 * Attempts of a turn, then the call fails: others wait for it.
 *
 * @defaults
 */
const turnRetry = { attempts: 5, backoff: "1s..10s" } as const;

const nameForm = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * Makes a keyed object. Give it to a worker with `worker.durable(cart)`. Calls of one key follow each other, and share
 * what `ctx.state` has.
 */
export function object<const Handlers extends ObjectHandlers>(
  name: string,
  handlers: Handlers,
  options: DurableOptions = {},
): KeyedObject<Handlers> {
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
export function reader<Handler extends AnyHandler>(code: Handler): Reader<Handler> {
  return { reader: code };
}

/** Returns the calls of an object as functions. `call` makes one. */
export function callsOf<Calls extends object>(
  call: (name: string, input: unknown, made: (...given: never[]) => unknown) => Promise<unknown>,
): Calls {
  return new Proxy({} as Calls, {
    get(_, name) {
      // What is awaited is asked for `then`.
      if (typeof name !== "string" || name === "then") return undefined;
      const made = (input?: unknown): Promise<unknown> => call(name, input, made);
      return made;
    },
  });
}

function isReader(handler: ObjectHandlers[string] | undefined): handler is Reader {
  return typeof handler === "object";
}

function codeOf(name: string, handlers: ObjectHandlers, call: string): AnyHandler {
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
