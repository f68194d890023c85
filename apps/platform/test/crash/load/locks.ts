/** Locks over all partitions: visitors who take turns, and one lock that is held during the whole test. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { retryUntilDone } from "../../support/killed.ts";
import type { LoadPart, Stage } from "../load-part.ts";

const lockNames = ["door-0", "door-1", "door-2", "door-3", "door-4", "door-5"];
const visitors = ["ada", "bea", "cleo"];
/** The maximum, because on a busy machine all kills take half an hour. */
const leaseMs = 3_600_000;
const waitMs = 60_000;

export function locks(stage: Stage): LoadPart {
  const tokens = new Map<string, number[]>(lockNames.map((name) => [name, []]));
  const inside = new Map<string, string>();
  const overlaps: string[] = [];
  let heldToken = 0;

  async function acquire(name: string, holder: string): Promise<number> {
    const body = { holder, leaseMs, waitMs };
    const { token } = await retryUntilDone(() =>
      stage.rest().call("locks.acquire", { params: { name }, body, timeoutMs: 2 * waitMs }),
    );
    return token ?? 0;
  }
  const release = (name: string, holder: string) =>
    retryUntilDone(() => stage.rest().call("locks.release", { params: { name }, body: { holder } }));

  return {
    async prepare() {
      heldToken = await acquire("held", "ada");
    },
    async round(number) {
      await Promise.all(
        lockNames.flatMap((name) =>
          visitors.map(async (visitor) => {
            const holder = `${visitor}-${number}`;
            const token = await acquire(name, holder);
            const other = inside.get(name);
            if (other !== undefined) overlaps.push(`${name}: ${holder} while ${other} is inside`);
            inside.set(name, holder);
            tokens.get(name)?.push(token);
            await pause(20);
            inside.delete(name);
            await release(name, holder);
          }),
        ),
      );
    },
    async finish() {
      await release("held", "ada");
    },
    always: {
      "locks: holders never overlap": () => assert.deepEqual(overlaps, []),
      "locks: tokens strictly grow": () => {
        for (const [name, granted] of tokens)
          for (const [at, token] of granted.entries())
            assert.ok(at === 0 || token > (granted[at - 1] ?? 0), `${name}: ${granted}`);
      },
      "locks: a lock is held on under its token": async () => {
        if (heldToken === 0) return;
        const { grants } = await retryUntilDone(() =>
          stage.rest().call("locks.get", { params: { name: "held" } }),
        );
        const found = grants.map(({ holder, token }) => [holder, token]);
        assert.deepEqual(found, [["ada", heldToken]]);
      },
    },
    atEnd: {
      "locks: a holder that lost its lock learns of it": async () => {
        const renewals = [{ name: "held", holder: "ada", token: heldToken }];
        const { receipts } = await retryUntilDone(() =>
          stage.rest().call("locks.renew", { body: { renewals } }),
        );
        assert.deepEqual(
          receipts.map(({ expireTimeMs }) => expireTimeMs),
          [undefined],
        );
      },
    },
  };
}
