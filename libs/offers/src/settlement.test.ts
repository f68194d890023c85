import assert from "node:assert/strict";
import { it } from "node:test";
import { Result } from "@tutti/contracts/agent/v1";
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
import type { OfferEntry } from "./entry.ts";
import { RuntimeSettlement } from "./settlement.ts";
import { WireTokens } from "./wire-tokens.ts";

const token = { partition: 1, incarnation: 2, number: 3, attempt: 4 };
const tokens = new TokenCipher(new Uint8Array(tokenKeyBytes));
const otherOwner = runtimeErrors.leaving.refusal({ service: "workflow", partition: 1 });

for (const [title, outcome, isUnwanted] of [
  ["is awaited", { kind: "done", reply: undefined }, false],
  ["is not awaited any more", { kind: "ignored" }, true],
  ["is of a partition that is not here", { kind: "refused", refusal: otherOwner }, false],
] satisfies (readonly [string, Outcome, boolean])[])
  it(`an attempt that an agent reports and that ${title} is ${isUnwanted ? "" : "not "}cancelled`, () => {
    const requests: Submission[] = [];
    const settlement = new RuntimeSettlement({
      service: "workflow",
      tokens,
      hasBlob: unasked,
      readBlob: unasked,
      timers: new VirtualTime(),
      logger: silentLogger,
      runtime: { submit: (submission) => void requests.push(submission) },
      commands: {
        ...{
          completed: unasked,
          failed: unasked,
          started: unasked,
          progress: unasked,
          calledModels: unasked,
        },
        ...{ answered: unasked, lost: unasked },
      },
      outputs: { add: unasked },
    });
    let reported = 0;
    const report = () => {
      reported++;
    };
    // A Buffer, as received from a link: the pool keeps it and asks about it again.
    const received = Buffer.from(new WireTokens("workflow", tokens).write(token));
    settlement.unclaimed(received, report);
    assert.deepEqual(new Uint8Array(received), new WireTokens("workflow", tokens).write(token));
    settlement.unclaimed(new WireTokens("swarm", tokens).write(token), report);
    assert.equal(requests.length, 1, "of another service's it is not for this one to say");
    assert.deepEqual([requests[0]?.command, requests[0]?.token], [isStillAwaited, token]);
    requests[0]?.reply(outcome);
    assert.equal(reported, isUnwanted ? 1 : 0);
  });

for (const [title, isThere] of [
  ["exists", true],
  ["does not exist", false],
] as const)
  it(`an output that refers to a blob which ${title} ${isThere ? "counts" : "fails the attempt"}`, async () => {
    const requests: unknown[] = [];
    let checks = 0;
    const time = new VirtualTime();
    const settlement = new RuntimeSettlement({
      ...{ service: "workflow", tokens, timers: time, logger: silentLogger, readBlob: unasked },
      hasBlob: async (namespace) => {
        assert.equal(namespace, "team");
        if (++checks === 1) throw new Error("away");
        return isThere;
      },
      runtime: { submit: ({ body }) => void requests.push(body) },
      commands: {
        ...{ started: unasked, progress: unasked, calledModels: unasked, answered: unasked, lost: unasked },
        completed: ({ outputPayload }) => ({ command: isStillAwaited, body: outputPayload?.body }),
        failed: ({ code }) => ({ command: isStillAwaited, body: code }),
      },
      outputs: { add: unasked },
    });
    const body = { $case: "blob" as const, value: { sha256: new Uint8Array(32), size: 1 } };
    const outcome = { $case: "outputPayload" as const, value: { body, mediaType: "" } };
    const entry = { token, key: { namespace: "team", kind: "run", id: "run" } } as OfferEntry;
    settlement.result({ result: Result.fromPartial({ outcome }), agent: "anna", entry }, unasked);
    await time.advanceAsync(1_000);
    assert.deepEqual(requests, [isThere ? body : "offer.output_absent"]);
    assert.equal(checks, 2);
  });

it("an output that the machine reads is submitted again with its content, once the store is reachable", async () => {
  const requests: unknown[] = [];
  const time = new VirtualTime();
  let reads = 0;
  const settlement = new RuntimeSettlement({
    ...{ service: "workflow", tokens, timers: time, logger: silentLogger, hasBlob: async () => true },
    readBlob: async (namespace) => {
      assert.equal(namespace, "team");
      if (++reads === 1) throw new Error("away");
      return Buffer.from("7");
    },
    runtime: {
      submit(submission) {
        requests.push(submission.body);
        const isContentRequested = requests.length === 1;
        const refusal = { ...otherOwner, retry: "never" as const, details: { content_in: "team" } };
        submission.reply(
          isContentRequested ? { kind: "refused", refusal } : { kind: "done", reply: undefined },
        );
      },
    },
    commands: {
      ...{ started: unasked, progress: unasked, calledModels: unasked, lost: unasked, failed: unasked },
      completed: ({ output, outputPayload }) => ({
        command: isStillAwaited,
        body: outputPayload === undefined ? Buffer.from(output).toString() : "a reference",
      }),
      answered() {},
    },
    outputs: { add: unasked },
  });
  const body = { $case: "blob" as const, value: { sha256: new Uint8Array(32), size: 1 } };
  const outcome = { $case: "outputPayload" as const, value: { body, mediaType: "" } };
  const entry = { token, key: { namespace: "team", kind: "run", id: "run" } } as OfferEntry;
  let durable = 0;
  settlement.result({ result: Result.fromPartial({ outcome }), agent: "anna", entry }, () => durable++);
  await time.advanceAsync(1_000);
  assert.deepEqual([requests, reads, durable], [["a reference", "7"], 2, 1]);
});

for (const [title, agent, details, expected] of [
  [
    "a pool's word that a worker is lost does not count as a failure",
    "",
    lostTo("w1"),
    ["lost", "w1", "it died"],
  ],
  ["a worker's own error with that code is a failure", "w1", lostTo("w1"), ["failed", "matching.lost"]],
  ["a loss without its worker's name keeps the pool's words", "", {}, ["lost", "", "gone"]],
] as const)
  it(title, () => {
    const requests: unknown[] = [];
    const settlement = new RuntimeSettlement({
      service: "workflow",
      tokens,
      hasBlob: unasked,
      readBlob: unasked,
      timers: new VirtualTime(),
      logger: silentLogger,
      runtime: { submit: ({ body }) => void requests.push(body) },
      commands: {
        ...{
          completed: unasked,
          started: unasked,
          progress: unasked,
          calledModels: unasked,
          answered: unasked,
        },
        failed: ({ code }) => ({ command: isStillAwaited, body: ["failed", code] }),
        lost: ({ agent: agentId, message }) => ({
          command: isStillAwaited,
          body: ["lost", agentId, message],
        }),
      },
      outputs: { add: unasked },
    });
    const value = { code: "matching.lost", message: "gone", details };
    const result = Result.fromPartial({ outcome: { $case: "failed", value } });
    const entry = { token, key: { namespace: "team", kind: "run", id: "run" } } as OfferEntry;
    settlement.result({ result, agent, entry }, unasked);
    assert.deepEqual(requests, [expected]);
  });

function lostTo(agent: string): Record<string, string> {
  return { agent, reason: "it died" };
}

function unasked(): never {
  return assert.fail("expected no further message");
}
