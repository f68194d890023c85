import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { type KeyedPlatform, keyHeaders, routesAsked, takenBy } from "./keyed-platform.ts";
import { failureOf } from "./outside-client.ts";
import { hostOf, rpcs } from "./rpcs.ts";

/** Which of all rpcs and routes are asked: every one, or each whose number leaves this remainder. */
export interface Part {
  readonly of: number;
  readonly rest: number;
}

export const everything: Part = { of: 1, rest: 0 };

/** Shows something that lets nobody in, and names a mighty principal besides, as one who would like to get in does. */
export async function assertRefused(
  { http, outside }: KeyedPlatform,
  { shown, isGuess }: { readonly shown: string; readonly isGuess: boolean },
  { of, rest }: Part,
): Promise<void> {
  // Who goes on with what has not even the form of a key or token is kept out for a while.
  const refused = isGuess ? [401, 429] : [401];
  const asked = routesAsked(http, keyHeaders(shown)).filter((_, at) => at % of === rest);
  assert.deepEqual(await takenBy(asked, refused), []);
  for (const [name, rpc] of rpcs.filter((_, at) => at % of === rest)) {
    const headers = { ...keyHeaders(shown), "tutti-principal": "person/local-admin?admin" };
    const call = outside.send(rpc.path, new Uint8Array(), {
      headers: { ...headers, "tutti-service": hostOf(rpc.path) },
    });
    const { code } = await failureOf(call);
    // What nobody serves yet refuses everybody.
    assert.ok(code === status.UNAUTHENTICATED || code === status.UNIMPLEMENTED, `${name}: ${status[code]}`);
  }
}
