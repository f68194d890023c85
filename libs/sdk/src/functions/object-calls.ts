/** Calls of a keyed object, as callers see them: one function per call. */
import type { Json } from "@tutti/expressions";

// biome-ignore lint/suspicious/noExplicitAny: any context, input and output: each call has its own
type AnyHandler = (ctx: any, input: any) => any;

/** A call that only reads. It runs next to the others. */
export interface Reader<Handler extends AnyHandler = AnyHandler> {
  readonly reader: Handler;
}

export type ObjectHandlers = Readonly<Record<string, AnyHandler | Reader>>;

type CodeOf<Handler> = Handler extends Reader<infer Code> ? Code : Handler;
type CallOf<Code> = Code extends (ctx: never, input: infer Input) => infer Output
  ? unknown extends Input
    ? (input?: unknown) => Promise<Awaited<Output>>
    : (input: Input) => Promise<Awaited<Output>>
  : never;

/** The calls of an object with these handlers. */
export type ObjectCalls<Handlers extends ObjectHandlers> = {
  readonly [Name in keyof Handlers]: CallOf<CodeOf<Handlers[Name]>>;
};

/** Calls of an object that is known by its name only. */
export type UntypedCalls = Readonly<Record<string, (input?: unknown) => Promise<Json>>>;

/** An object, as far as callers need it. */
export interface CallableObject<Handlers extends ObjectHandlers = ObjectHandlers> {
  readonly name: string;
  readonly handlers: Handlers;
}

/** Returns the calls of an object as functions. `call` makes one. */
export function callsOf<Calls extends object>(
  call: (name: string, input: unknown, caller: (...args: never[]) => unknown) => Promise<unknown>,
): Calls {
  return new Proxy({} as Calls, {
    get(_, name) {
      // `await` reads the property `then`.
      if (typeof name !== "string" || name === "then") return undefined;
      const caller = (input?: unknown): Promise<unknown> => call(name, input, caller);
      return caller;
    },
  });
}
