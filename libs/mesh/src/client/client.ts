import type { ServiceDescription } from "@tutti/contracts/rpc";
import type { Method } from "../calls/method.ts";
import type { Caller } from "./caller.ts";
import type { CallOptions, Client } from "./types.ts";

/**
 * Returns an object with one function per method. What a call passes through is put together with the first one: most
 * methods are never called.
 */
export function makeClient<S extends ServiceDescription>(
  methods: readonly [string, Method][],
  callerOf: (method: Method) => Caller,
): Client<S> {
  const client: Record<string, unknown> = {};
  for (const [key, method] of methods) {
    let made: Caller | undefined;
    const caller = (): Caller => (made ??= callerOf(method));
    client[key] = method.rpc.replyStream
      ? (input: unknown, options?: CallOptions) => caller().many(input, options)
      : (input: unknown, options?: CallOptions) => caller().one(input, options);
  }
  // The description's types say what its methods take and give.
  return client as Client<S>;
}
