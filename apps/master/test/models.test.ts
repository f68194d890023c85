/** Models of durations: compared on recorded attempts, promoted, dropped and rolled back. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ModelChanged } from "@tutti/contracts/events/v1";
import {
  CompareModelsRequest,
  EstimateSubject,
  estimateService,
  GetModelRequest,
  ListModelsRequest,
  PromoteModelRequest,
  RecordOutcomesRequest,
  RollBackModelRequest,
} from "@tutti/contracts/intelligence/v1";
import { isTuttiError, toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Serving } from "./serving.ts";

const startMs = 1_767_225_600_000;
const hasCode = (code: string) => (error: unknown) => isTuttiError(error) && error.code === code;

describe("models of durations", () => {
  let batches = 0;
  let ended = 0;
  let serving: Serving;
  const changes: ModelChanged[] = [];
  const client = () => serving.host.mesh.client(estimateService, { service: "master" });
  const record = async (capability: string, times: readonly number[]) => {
    const outcomes = times.map((runMs) => ({
      ...{ subject: { capability, agentId: "a" }, runMs },
      endTime: toTimestamp(startMs + 60_000 * ended++),
    }));
    const request = RecordOutcomesRequest.fromPartial({ instanceId: "one", batch: ++batches, outcomes });
    const requests = (async function* () {
      yield request;
    })();
    for await (const reply of client().recordOutcomes(requests)) return reply.batch;
    return assert.fail("each batch is answered");
  };
  const predicted = async (capability: string) => {
    const subjects = [EstimateSubject.create({ capability })];
    const { estimates } = await client().predict({ namespace: "", subjects });
    return estimates[0]?.p50Ms ?? assert.fail("one estimate per subject");
  };
  const model = async (modelId: string) =>
    (await client().getModel(GetModelRequest.create({ modelId }))).model ?? assert.fail();
  /** Three in ten are very short: a mean of logarithms is far off, a median is not. */
  const twoSorts = (count: number) =>
    Array.from({ length: count }, (_, at) => ((at * 7) % 10 < 3 ? 20 : 1_000) + (at % 5));

  before(async () => {
    serving = await Serving.open(["--master.modelEveryMs=20"]);
    await serving.host.bus.subscribe({
      pattern: "tutti.intelligence.model.*",
      handle: {
        each: ({ data }) =>
          void changes.push(ModelChanged.fromJSON(JSON.parse(new TextDecoder().decode(data)))),
      },
    });
  });
  after(() => serving[Symbol.asyncDispose]());

  it("are compared on recorded attempts, and the better model predicts from then on", async () => {
    await record("pay.charge", twoSorts(100));
    const compare = () => client().compareModels(CompareModelsRequest.create({ modelId: "pay.charge" }));
    await assert.rejects(compare(), hasCode("experience.too_few_recorded"));
    const before = await predicted("pay.charge");
    await record("pay.charge", twoSorts(200));
    await until("another model is live", () => changes.length > 0);
    const { live, previous, liveTime } = await model("pay.charge");
    assert.deepEqual([live, previous], ["median", "middle"]);
    assert.ok(liveTime !== undefined);
    assert.notEqual(await predicted("pay.charge"), before);
    assert.ok(Math.abs((await predicted("pay.charge")) - 1_002) < 5);
    assert.match(changes[0]?.finding ?? "", /^Over 280 attempts median is off by × \d\.\d\d, middle by × /);
    const { training } = await compare();
    assert.equal(training?.models.find((each) => each.live)?.model, "median");
    assert.deepEqual(training?.features, ["agent", "time"]);
    await record("tutti.agent", twoSorts(10));
    const listed = async (capability = "") => {
      const { models } = await client().listModels(ListModelsRequest.create({ capability }));
      return models.map(({ modelId, live: liveName }) => `${modelId} ${liveName}`);
    };
    assert.deepEqual(await listed(), ["pay.charge median"]);
    assert.deepEqual(await listed("tutti.agent"), ["tutti.agent middle"]);
  });

  it("are rolled back, and stay rolled back after a restart", async () => {
    const rolled = await client().rollBackModel(RollBackModelRequest.create({ modelId: "pay.charge" }));
    assert.equal(rolled.model?.live, "middle");
    await until("it is published", () => changes.length === 2);
    assert.deepEqual([changes[1]?.live, changes[1]?.previous], ["middle", "median"]);
    await serving.restart();
    assert.equal((await model("pay.charge")).live, "middle");
    const { trainings } = await client().getModel(GetModelRequest.create({ modelId: "pay.charge" }));
    assert.equal(trainings[0]?.samples, 280);
  });

  it("are promoted by a user if they are better, and only then", async () => {
    const promote = (live: string) =>
      client().promoteModel(PromoteModelRequest.create({ modelId: "pay.charge", live }));
    await assert.rejects(promote("hourly"), hasCode("experience.model_not_better"));
    await assert.rejects(promote("none"), hasCode("experience.model_not_better"));
    assert.equal((await promote("median")).model?.live, "median");
    const unknown = CompareModelsRequest.create({ modelId: "never.seen" });
    await assert.rejects(client().compareModels(unknown), hasCode("experience.model_missing"));
    await record("ship.parcel", [5]);
    const unchanged = RollBackModelRequest.create({ modelId: "ship.parcel" });
    await assert.rejects(client().rollBackModel(unchanged), hasCode("experience.no_previous_model"));
    const neverSeen = RollBackModelRequest.create({ modelId: "never.seen" });
    await assert.rejects(client().rollBackModel(neverSeen), hasCode("experience.model_missing"));
  });
});
