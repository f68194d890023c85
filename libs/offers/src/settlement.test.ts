import assert from "node:assert/strict";
import { it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import {
  isStillAwaited,
  type Outcome,
  runtimeErrors,
  type Submission,
  TokenCipher,
  tokenKeyBytes,
} from "@tutti/runtime";
import { RuntimeSettlement } from "./settlement.ts";
import { WireTokens } from "./wire-tokens.ts";

const token = { partition: 1, incarnation: 2, number: 3, attempt: 4 };
const tokens = new TokenCipher(new Uint8Array(tokenKeyBytes));
const elsewhere = runtimeErrors.leaving.refusal({ service: "workflow", partition: 1 });

for (const [what, outcome, isUnwanted] of [
  ["is awaited", { kind: "done", reply: undefined }, false],
  ["is not awaited any more", { kind: "ignored" }, true],
  ["is of a partition that is not here", { kind: "refused", refusal: elsewhere }, false],
] satisfies (readonly [string, Outcome, boolean])[])
  it(`an attempt that an agent brought along and that ${what} is ${isUnwanted ? "" : "not "}given up`, () => {
    const asked: Submission[] = [];
    const settlement = new RuntimeSettlement({
      ...{ service: "workflow", tokens, timers: new VirtualTime(), logger: silentLogger },
      runtime: { submit: (submission) => void asked.push(submission) },
      tellings: {
        ...{ completed: unasked, failed: unasked, begun: unasked, progress: unasked, asked: unasked },
        answered: unasked,
      },
      outputs: { add: unasked },
    });
    let told = 0;
    const tell = () => {
      told++;
    };
    settlement.unclaimed(new WireTokens("workflow", tokens).write(token), tell);
    settlement.unclaimed(new WireTokens("swarm", tokens).write(token), tell);
    assert.equal(asked.length, 1, "of another service's it is not for this one to say");
    assert.deepEqual([asked[0]?.command, asked[0]?.token], [isStillAwaited, token]);
    asked[0]?.answer(outcome);
    assert.equal(told, isUnwanted ? 1 : 0);
  });

function unasked(): never {
  return assert.fail("expected nothing else to be said");
}
