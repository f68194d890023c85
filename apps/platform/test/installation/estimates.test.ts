/** Estimates on a whole installation are learned from the work of all workers, for every engine. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  EstimateSubject,
  estimateService,
  ListModelsRequest,
  ReadExperienceRequest,
} from "@tutti/contracts/intelligence/v1";
import { until } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

describe("estimates on a whole installation", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  const estimates = () => installation.host.mesh.client(estimateService, { service: "master" });

  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    worker = installation.worker({ agentId: "hand" });
    const times =
      (by: number) =>
      async ({ n }: { readonly n: number }) => {
        await installation.pass(10);
        return n * by;
      };
    worker.handle("number.double", times(2));
    worker.handle("number.triple", times(3));
    worker.handle("number.refuse", () => {
      throw new Error("no such number");
    });
    await worker.start();
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  it("come from successful and failed attempts of workers, without a request", async () => {
    const tasks = [1, 2, 3].map((n) => ({ id: `task-${n}`, uses: "number.double", input: { n } }));
    await (await tutti.missions.start({ id: "doubling", tasks })).result();
    const refused = await tutti.missions.start({
      id: "refusing",
      tasks: [{ id: "no", uses: "number.refuse" }],
    });
    await assert.rejects(refused.result());
    const { models } = await until(
      "models of completed work",
      () => estimates().listModels(ListModelsRequest.create()),
      ({ models: found }) => found.length === 2,
    );
    assert.deepEqual(models.map(({ modelId }) => modelId).sort(), ["number.double", "number.refuse"]);
    const subjects = ["number.double", "number.refuse"].map((capability) =>
      EstimateSubject.create({ capability }),
    );
    const { estimates: known } = await estimates().predict({ namespace: "", subjects });
    const [double, refuse] = known;
    assert.ok(double && double.samples > 0 && double.p50Ms > 0);
    assert.ok(refuse && refuse.failureProbability > double.failureProbability);
  });

  it("come from a run too, by the task of its definition", async () => {
    const text = "workflow: triple\ntasks: {one: {uses: number.triple, with: {n: 2}, cost: {by: [n]}}}\n";
    await tutti.workflows.register(text);
    await (await tutti.run("triple", { id: "tripling" })).result();
    const subject = EstimateSubject.create({
      ...{ capability: "number.triple", definition: "triple", definitionTask: "one" },
    });
    const { estimates: known } = await until(
      "an estimate of the task",
      () => estimates().predict({ namespace: "", subjects: [subject] }),
      ({ estimates: found }) => found[0]?.basis?.capability === "number.triple",
    );
    assert.equal(known[0]?.basis?.definitionTask, "one");
    const { outcomes } = await estimates().readExperience(ReadExperienceRequest.create());
    const tripled = outcomes.filter(({ capability }) => capability === "number.triple");
    assert.deepEqual(
      tripled.map(({ key }) => key),
      ["n=2"],
    );
  });
});
