import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { EstimateDrifted } from "@tutti/contracts/events/v1";
import {
  EstimateSubject,
  estimateService,
  ListModelsRequest,
  RecordOutcomesRequest,
} from "@tutti/contracts/intelligence/v1";
import { isTuttiError } from "@tutti/kernel";
import { Serving } from "./serving.ts";

const namespace = "";

describe("estimates", () => {
  /** Each number of a batch counts once. */
  let batches = 3;
  let serving: Serving;
  const client = () => serving.host.mesh.client(estimateService, { service: "master" });
  const predict = async (capability: string) => {
    const subjects = [EstimateSubject.create({ capability })];
    const { estimates } = await client().predict({ namespace, subjects });
    return estimates[0] ?? assert.fail("one estimate per subject");
  };
  /** Records attempts at a capability in one batch. Resolves with the number of the last accepted batch. */
  const record = async (batch: number, capability: string, times: readonly number[], instanceId = "one") => {
    const outcomes = times.map((runMs) => ({
      subject: { capability, pool: "default", agentId: "a" },
      runMs,
    }));
    const request = RecordOutcomesRequest.fromPartial({ instanceId, batch, outcomes });
    const requests = (async function* () {
      yield request;
    })();
    for await (const reply of client().recordOutcomes(requests)) return reply.batch;
    return assert.fail("each batch is answered");
  };

  before(async () => {
    serving = await Serving.open();
  });
  after(() => serving[Symbol.asyncDispose]());

  it("of unknown work have no samples and no confidence", async () => {
    const { confidence, samples, meanMs } = await predict("never.seen");
    assert.deepEqual([confidence, samples, meanMs], [0, 0, 0]);
  });

  it("are learned from recorded attempts, and a repeated batch counts once", async () => {
    const times = Array.from({ length: 50 }, (_, index) => 90 + (index % 20));
    assert.equal(await record(1, "pay.charge", times), 1);
    const { p50Ms, samples, confidence, basis } = await predict("pay.charge");
    assert.ok(Math.abs(p50Ms - 100) < 10, `${p50Ms}`);
    assert.ok(confidence > 0);
    assert.equal(basis?.capability, "pay.charge");
    await record(1, "pay.charge", times);
    assert.equal((await predict("pay.charge")).samples, samples);
    await record(1, "pay.charge", times, "another");
    assert.ok((await predict("pay.charge")).samples > samples);
  });

  it("are as they were after a restart", async () => {
    const before = await predict("pay.charge");
    await serving.restart();
    assert.deepEqual(await predict("pay.charge"), before);
  });

  it("come with models, the worst first, each with its predictions next to the actual values", async () => {
    await record(2, "wild.thing", [1, 1_000, 3, 5_000, 2, 8_000, 1, 9_000]);
    const { models } = await client().listModels(ListModelsRequest.create());
    assert.deepEqual(
      models.map(({ modelId }) => modelId),
      ["wild.thing", "pay.charge"],
    );
    const { model, predictions } = await client().getModel({ namespace, modelId: "pay.charge" });
    assert.ok(model && model.error < 0.1 && model.coverage > 0.7);
    assert.equal(predictions.length, 99);
    await assert.rejects(
      client().getModel({ namespace, modelId: "none" }),
      (error) => isTuttiError(error) && error.code === "experience.model_missing",
    );
  });

  it("that no longer fit are reported on the bus, with the old and the new value", async () => {
    const { promise: published, resolve } = Promise.withResolvers<EstimateDrifted>();
    await serving.host.bus.subscribe({
      pattern: "tutti.intelligence.estimate.drifted",
      handle: {
        each: ({ data }) => resolve(EstimateDrifted.fromJSON(JSON.parse(new TextDecoder().decode(data)))),
      },
    });
    // A third up or down, as usual for work.
    const around = (medianMs: number, count: number) =>
      Array.from({ length: count }, (_, index) => medianMs * (0.75 + 0.1 * ((index * 3) % 7)));
    await record(batches++, "ship.parcel", around(200, 60));
    await record(batches++, "ship.parcel", around(900, 8));
    const { key, header, beforeMs, nowMs } = await published;
    assert.deepEqual([key, header?.resource, header?.namespace], ["ship.parcel", "ship.parcel", "default"]);
    assert.ok(Math.abs(beforeMs - 200) < 50, `${beforeMs}`);
    assert.ok(nowMs > 500, `${nowMs}`);
    await client().resetModel({ namespace, modelId: "ship.parcel", reason: "on with the next" });
  });

  it("are followed: a snapshot, then new estimates, and forgotten on request", async () => {
    const follow = async (
      cursor: string,
      isComplete: (names: ReadonlySet<string>, removed: string[]) => boolean,
    ) => {
      const seen = new Set<string>();
      for await (const { estimates, removed, live, cursor: place } of client().watchEstimates({
        ...{ namespace, pool: "", cursor },
      })) {
        assert.equal(live, true);
        for (const { subject } of estimates) seen.add(subject?.capability ?? "");
        if (
          isComplete(
            seen,
            removed.map(({ capability }) => capability),
          )
        )
          return place;
      }
      return assert.fail("the watch continues");
    };
    const cursor = await follow("", (names) => names.size === 2);
    await record(batches++, "wild.thing", [5]);
    await follow(cursor, (names) => names.has("wild.thing") && names.size === 1);
    let reset: Promise<unknown> | undefined;
    await follow("", (names, removed) => {
      if (names.size === 2)
        reset ??= client().resetModel({ namespace, modelId: "wild.thing", reason: "another machine" });
      return removed.includes("wild.thing");
    });
    await reset;
    const { models } = await client().listModels(ListModelsRequest.create());
    assert.deepEqual(
      models.map(({ modelId }) => modelId),
      ["pay.charge"],
    );
  });
});
