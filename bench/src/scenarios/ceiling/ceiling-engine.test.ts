import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentFrame } from "@tutti/contracts/agent/v1";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { StartItem, StartRunsReply, StartRunsRequest } from "@tutti/contracts/workflow/v1";
import { chainInput, stepsPerChain } from "../chains/chain.ts";
import { ChainClient } from "../chains/chain-client.ts";
import { EchoAgent } from "../chains/echo-agent.ts";
import { Outbox } from "../chains/outbox.ts";
import type { Codecs } from "../chains/server.ts";
import { CeilingEngine } from "./ceiling-engine.ts";

/** Connects client, agent and ceiling without processes and streams. Messages arrive when the test delivers them. */
function assembled(codecs: Codecs = "generated") {
  const groups: Uint8Array[] = [];
  const toAgent: Uint8Array[] = [];
  const toClient: Uint8Array[] = [];
  const engine = new CeilingEngine(
    new Outbox(
      (frame) => toAgent.push(frame),
      (frame) => toClient.push(frame),
    ),
  );
  engine.log = { write: (group) => groups.push(group.slice()), close: async () => {} };
  let number = 1;
  const client = new ChainClient((frame) => {
    const { items } = StartRunsRequest.decode(frame);
    engine.start(items, number);
    number += items.length;
  });
  const agent = new EchoAgent(codecs, (frame) => engine.results(AgentFrame.decode(frame).results));
  return {
    groups,
    toAgent,
    toClient,
    engine,
    client,
    /** Delivers all sent messages. Their effects go to the disk. */
    async deliver() {
      for (const frame of toClient.splice(0)) client.receive(frame);
      for (const frame of toAgent.splice(0)) agent.receive(frame);
      await Promise.resolve();
    },
  };
}

describe("the ceiling", () => {
  for (const codecs of ["generated", "by hand"] as const) {
    it(`makes the start and every step of each chain durable before the next, with codecs ${codecs}`, async () => {
      const { client, engine, groups, toAgent, toClient, deliver } = assembled(codecs);
      const measured = client.measure(3, 0);
      for (let group = 1; group <= stepsPerChain + 1; group++) {
        await deliver();
        assert.equal(groups.length, group);
        assert.deepEqual([toAgent.length, toClient.length], [0, 0], "nothing is sent before it is durable");
        engine.durable();
      }
      const [end] = toClient.map((frame) => StartRunsReply.decode(frame).ends);
      assert.deepEqual(
        end?.map(({ number, outcome }) => [number, outcome?.$case]),
        [1, 2, 3].map((number) => [number, "inlineOutput"]),
      );
      await deliver();
      assert.equal((await measured).steps, 3 * stepsPerChain);
    });
  }

  it("writes one record with the whole payload for each start and each step", async () => {
    const { client, engine, groups, deliver } = assembled();
    const measured = client.measure(2, 0);
    for (let group = 1; group <= stepsPerChain + 1; group++) {
      await deliver();
      engine.durable();
    }
    await deliver();
    await measured;
    const records = groups.map((group) => recordsIn(group));
    assert.deepEqual(
      records.map((group) => group.map(({ id, event, type }) => `${id} ${event} ${type}`)),
      Array.from({ length: stepsPerChain + 1 }, (_, step) =>
        [1, 2].map(
          (chain) => `chain-${chain} ${step + 1} ${step === 0 ? "chain_started" : "step_completed"}`,
        ),
      ),
    );
    for (const { payload } of records.flat()) {
      assert.ok(Buffer.from(payload).includes(Buffer.from(chainInput)));
    }
  });

  it("fills the next group while a group is being written", async () => {
    const { client, engine, groups, deliver } = assembled();
    void client.measure(1, 0);
    await deliver();
    engine.start([StartItem.create({ input: { $case: "inlineInput", value: chainInput } })], 2);
    await deliver();
    assert.equal(groups.length, 1);
    engine.durable();
    assert.equal(groups.length, 2);
  });
});

/** Reads the records of a batch: each has the tag of `Batch.records` and its length. */
function recordsIn(group: Uint8Array): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (let at = 0; at < group.length; ) {
    assert.equal(group[at], 18);
    const low = group[at + 1] ?? 0;
    const [length, from] = low < 128 ? [low, at + 2] : [(low & 127) | ((group[at + 2] ?? 0) << 7), at + 3];
    records.push(JournalRecord.decode(group.subarray(from, from + length)));
    at = from + length;
  }
  return records;
}
