/**
 * Gives each call that takes effect an idempotency key. The mesh can then repeat the call if its reply is lost, and the
 * call takes effect once.
 *
 * 1. The contract declares which calls need a key. A key of the caller, or a chosen id that serves as one, stays.
 * 2. All attempts of a call have the same key. No other call has it.
 */
import type { ServiceDescription } from "@tutti/contracts/rpc";
import type { IdSource } from "@tutti/kernel";
import type { CallOptions, Client } from "@tutti/mesh";

type Call = (request: object, options?: CallOptions) => unknown;

export function withCallKeys<S extends ServiceDescription>(
  client: Client<S>,
  { methods }: S,
  ids: Pick<IdSource, "newId">,
): Client<S> {
  const calls = client as Readonly<Record<string, Call>>;
  const keyed = Object.entries(methods)
    .filter(([, { repeat, requestStream }]) => repeat === "keyed" && !requestStream)
    .map(([name, { idempotencyKeyOf }]): [string, Call] => [
      name,
      (request, options) => {
        const needsKey = "idempotencyKey" in request && idempotencyKeyOf(request) === "";
        const sent = needsKey ? { ...request, idempotencyKey: ids.newId("call") } : request;
        return calls[name]?.(sent, options);
      },
    ]);
  // The description defines the types of its methods.
  return { ...client, ...Object.fromEntries(keyed) } as Client<S>;
}
