import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Result } from "@tutti/contracts/agent/v1";
import type { RecordOutcomesRequest } from "@tutti/contracts/intelligence/v1";
import { TuttiError } from "@tutti/kernel";
import { testFoundation } from "@tutti/kernel/testing";
import type { OfferEntry } from "./entry.ts";
import { OutcomeStream, type OutcomeStreamParts } from "./outcome-stream.ts";
import type { EndedAttempt } from "./settlement.ts";

const foundation = testFoundation();

describe("ends of attempts", () => {
  it("are sent in batches, each under one number until it is accepted", async () => {
    const sent: RecordOutcomesRequest[] = [];
    let failing = 1;
    const stream = streamTo((request) => {
      sent.push(request);
      if (failing-- > 0) throw new Error("nobody is there");
      return request.batch;
    });
    stream.add(done("pay.charge", "one", 120));
    stream.add(failed("pay.charge", "one", "card.declined"));
    for (const ms of [2_000, 2_000]) await time(ms);
    stream.add(done("ship.box", "two", 30));
    await time(2_000);
    assert.deepEqual(
      sent.map(({ batch, outcomes }) => [
        batch,
        outcomes.map(({ subject, runMs, errorCode }) => [subject?.capability, runMs, errorCode]),
      ]),
      [
        [
          1,
          [
            ["pay.charge", 120, ""],
            ["pay.charge", 0, "card.declined"],
          ],
        ],
        [
          1,
          [
            ["pay.charge", 120, ""],
            ["pay.charge", 0, "card.declined"],
          ],
        ],
        [2, [["ship.box", 30, ""]]],
      ],
    );
    assert.deepEqual(sent[0]?.outcomes[0]?.subject, {
      ...{ capability: "pay.charge", version: "", pool: "default", agentId: "one" },
      ...{ definition: "order", definitionTask: "charge", inputBytes: 29 },
      ...{ key: "region=eu", count: 2 },
    });
    await stream.stop();
  });

  it("are dropped with a batch that is refused, and later ones are sent", async () => {
    const accepted: number[] = [];
    const refused = new TuttiError({ code: "test.refused", status: "INVALID_ARGUMENT", message: "no time" });
    const stream = streamTo(({ outcomes, batch }) => {
      const [runMs = 0] = outcomes.map((outcome) => outcome.runMs);
      if (!Number.isFinite(runMs)) throw refused;
      accepted.push(runMs);
      return batch;
    });
    stream.add(done("pay.charge", "one", Number.POSITIVE_INFINITY));
    await time(2_000);
    stream.add(done("pay.charge", "one", 120));
    await time(2_000);
    assert.deepEqual(accepted, [120]);
    await stream.stop();
  });

  it("are sampled if they are equal, and skipped without information", async () => {
    const counts: number[] = [];
    const stream = streamTo(({ outcomes, batch }) => {
      counts.push(outcomes.length);
      return batch;
    });
    for (let index = 0; index < 50; index++) stream.add(done("pay.charge", "one", 1 + index));
    stream.add(done("pay.charge", "two", 5));
    stream.add(done("pay.charge", "three", 0));
    stream.add(done("pay.charge", "", 7));
    stream.add(ended("pay.charge", "four", { stopped: { message: "" } }));
    stream.add({ ...done("pay.charge", "five", 7), entry: undefined });
    for (let agent = 0; agent < 200; agent++) stream.add(done("ship.box", `agent-${agent}`, 5));
    await time(2_000);
    assert.deepEqual(counts, [100]);
    stream.add(done("pay.charge", "one", 1));
    await time(2_000);
    assert.deepEqual(counts, [100, 1]);
    await stream.stop();
  });
});

function streamTo(respond: (request: RecordOutcomesRequest) => number): OutcomeStream {
  const estimates = {
    async *recordOutcomes(requests: AsyncIterable<RecordOutcomesRequest>) {
      for await (const request of requests) yield { batch: respond(request) };
    },
    // The stream uses only a part of the client.
  } as unknown as OutcomeStreamParts["estimates"];
  return new OutcomeStream({ estimates, foundation, senderId: "p-1", workKind: "run" });
}

async function time(ms: number): Promise<void> {
  await foundation.time.advance(ms);
  // The work of the timer ends before the next one is set.
  await new Promise(setImmediate);
}

function done(capability: string, agent: string, runMs: number): EndedAttempt {
  return ended(capability, agent, { inlineOutput: new Uint8Array([1]) }, runMs);
}

function failed(capability: string, agent: string, code: string): EndedAttempt {
  return ended(capability, agent, { failed: { code, message: code } });
}

function ended(capability: string, agent: string, outcome: object, runMs = 0): EndedAttempt {
  const [[$case, value] = []] = Object.entries(outcome);
  const result = Result.fromPartial({ token: new Uint8Array(16), runMs, outcome: { $case, value } as never });
  const profile = {
    capability,
    pool: "default",
    definition: "order",
    definitionTask: "charge",
    policy: { estimate: { by: ["region", "items"] } },
    isUndo: false,
  };
  const input = new TextEncoder().encode('{"region":"eu","items":[1,2]}');
  const effect = { profile, taskId: "charge", attempt: 1, input };
  const key = { namespace: "default", kind: "run", id: "run_1" };
  // Only the part of an entry that is read.
  return { result, agent, entry: { key, effect } as unknown as OfferEntry };
}
