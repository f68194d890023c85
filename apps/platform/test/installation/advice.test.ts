/** Advice on a whole installation: found in recorded runs, tried on a share of new runs, then kept or rolled back. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { auditService, SearchRecordsRequest } from "@tutti/contracts/governance/v1";
import {
  ApplyRecommendationRequest,
  adviceService,
  DismissRecommendationRequest,
  FindRecommendationsRequest,
  ForecastRequest,
  ListRecommendationsRequest,
  type Recommendation,
  RecommendationStatus,
  WatchRecommendationsRequest,
} from "@tutti/contracts/intelligence/v1";
import { definitionService, GetDefinitionRequest } from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const {
  RECOMMENDATION_STATUS_OPEN: open,
  RECOMMENDATION_STATUS_TRIAL: onTrial,
  RECOMMENDATION_STATUS_APPLIED: applied,
  RECOMMENDATION_STATUS_TAKEN_BACK: retracted,
} = RecommendationStatus;

/** `charge` needs `pause`, and reads nothing of it. */
const order = (name: string, charge: string) => `workflow: ${name}
tasks:
  pause: {wait: 400ms}
  reserve: {uses: shop.reserve}
  charge: {uses: ${charge}, needs: [reserve, pause], retry: {attempts: 1}, with: "\${{ tasks.reserve.output }}"}
  ship: {needs: [charge], when: "tasks.charge.output == 'charged'", wait: 300ms}
`;

describe("advice on a whole installation", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  /** Events by the outcome of a recommendation: `kept order.needless-need.charge.pause`. */
  const events: string[] = [];
  const mesh = () => installation.host.mesh;
  const advice = () => mesh().client(adviceService, { service: "master" });
  let runs = 0;

  /** Runs a workflow several times. Resolves when all runs have ended. */
  const run = async (name: string, count: number) => {
    const started = await Promise.all(
      Array.from({ length: count }, () => tutti.run(name, { id: `run-${++runs}` })),
    );
    let remaining = started.length;
    for (const each of started)
      void each
        .result()
        .catch(() => {})
        .finally(() => remaining--);
    await until("the runs end", async () => {
      await installation.pass(50);
      return remaining === 0;
    });
  };
  const found = (subject: string, count: number) =>
    until(
      "the runs are listed",
      () => advice().findRecommendations(FindRecommendationsRequest.fromPartial({ subject })),
      ({ runs: read }) => read === count,
    );
  const latest = async (name: string) => {
    const request = GetDefinitionRequest.fromPartial({ definition: { name } });
    return (await mesh().client(definitionService).getDefinition(request)).definition;
  };
  const listed = async (subject: string, statuses: RecommendationStatus[] = []) =>
    (await advice().listRecommendations(ListRecommendationsRequest.fromPartial({ subject, statuses })))
      .recommendations;
  const apply = async (recommendationId: string) =>
    (
      await advice().applyRecommendation(
        ApplyRecommendationRequest.fromPartial({ recommendationId, percent: 50 }),
      )
    ).recommendation ?? assert.fail();
  /** Starts more runs until the trial has been decided and new runs follow the decision. */
  const decided = (subject: string) =>
    until(
      "the trial is decided",
      async () => {
        await run(subject, 30);
        await installation.pass(11_000);
        return (await listed(subject, [applied, retracted]))[0];
      },
      (each: Recommendation | undefined) => each?.trial?.settled === true,
    );
  const audited = (action: string) =>
    until(
      `${action} is in the audit log`,
      () =>
        mesh()
          .client(auditService)
          .searchRecords(SearchRecordsRequest.fromPartial({ namespace: "default", filter: { action } })),
      ({ records }) => records.length > 0,
    );

  before(async () => {
    installation = await Installation.open(["--master.adviceEveryMs=0"]);
    tutti = await installation.client();
    await installation.host.bus.subscribe({
      pattern: "tutti.intelligence.recommendation.*",
      handle: {
        each({ type, data }) {
          const { recommendationId } = JSON.parse(new TextDecoder().decode(data));
          events.push(`${type.split(".").at(-1)} ${recommendationId}`);
        },
      },
    });
    worker = installation.worker({ agentId: "shop", slots: 50 });
    worker.handle("shop.reserve", () => ({ atMs: installation.now() }));
    worker.handle("shop.charge", () => "charged");
    worker.handle("shop.charge-late", ({ atMs }: { readonly atMs: number }) => {
      if (installation.now() - atMs < 300) throw new Error("the stock is not counted yet");
      return "charged";
    });
    await worker.start();
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  it("has evidence, gain, risk and change, and keeps its id", async () => {
    await tutti.workflows.register(order("order", "shop.charge"));
    await run("order", 8);
    const { recommendations } = await found("order", 8);
    const [first, ...others] = recommendations;
    assert.deepEqual(
      others.map(({ recommendationId }) => recommendationId),
      [],
    );
    assert.equal(first?.recommendationId, "order.needless-need.charge.pause");
    assert.deepEqual(first.changes, ['tasks.charge.needs: ["reserve","pause"] → ["reserve"]']);
    assert.ok(first.reasons.length === 2 && first.risk !== "" && first.document.includes("workflow: order"));
    assert.ok(first.gain !== undefined && first.gain.median > 0.2 && first.gain.runs === 8);
    assert.deepEqual((await found("order", 8)).recommendations, recommendations);
    assert.deepEqual(await listed("order"), recommendations);
  });

  it("is watched, and a watch that is resumed has the changes alone", async () => {
    const first = async (cursor: string) => {
      const request = WatchRecommendationsRequest.fromPartial({ cursor });
      for await (const reply of advice().watchRecommendations(request)) return reply;
      return assert.fail("a watch has a first reply");
    };
    const all = await first("");
    assert.deepEqual([all.live, all.recommendations], [true, await listed("order")]);
    const update = await first(all.cursor);
    assert.deepEqual([update.live, update.recommendations, update.cursor], [true, [], all.cursor]);
  });

  it("applies to a part of new runs, and to all of them once it is proven faster", async () => {
    const [recommendation = assert.fail()] = await listed("order");
    assert.equal(recommendation.status, open);
    const { status, trial, baseHash } = await apply(recommendation.recommendationId);
    assert.deepEqual([status, trial?.percent], [onTrial, 50]);
    const divided = await latest("order");
    assert.deepEqual([divided?.hash, divided?.rollout?.percent], [baseHash, 50]);
    const { status: end, trial: ended } = (await decided("order")) ?? assert.fail();
    assert.equal(end, applied);
    assert.match(ended?.finding ?? "", /^Median time \d\d % less in \d+ runs, and nothing got worse\.$/);
    const { hash, rollout } = (await latest("order")) ?? assert.fail();
    assert.deepEqual([hash, rollout], [trial?.hash, undefined]);
    const { records } = await audited("advice.trial_judged");
    assert.ok(records.some(({ cause }) => cause?.actor?.id === "master"));
    const { records: ends } = await audited("advice.trial_settled");
    assert.deepEqual(
      ends.map(({ cause }) => cause?.reason),
      [`Advice ${recommendation.recommendationId}. ${ended?.finding}`],
    );
  });

  it("is taken back automatically if runs fail, with an audit record, and is not made again for a while", async () => {
    await tutti.workflows.register(order("late", "shop.charge-late"));
    await run("late", 8);
    const [recommendation = assert.fail()] = (await found("late", 8)).recommendations;
    const { baseHash } = await apply(recommendation.recommendationId);
    const { status, trial, quietUntil } = (await decided("late")) ?? assert.fail();
    assert.equal(status, retracted);
    assert.match(trial?.finding ?? "", /^\d+ of \d+ runs failed, before 0 of \d+\.$/);
    assert.ok(quietUntil !== undefined);
    const { hash, rollout } = (await latest("late")) ?? assert.fail();
    assert.deepEqual([hash, rollout], [baseHash, undefined]);
    const { recommendations } = await advice().findRecommendations(
      FindRecommendationsRequest.fromPartial({ subject: "late" }),
    );
    assert.deepEqual(
      recommendations.map((each) => each.status),
      [retracted],
    );
    await assert.rejects(apply(recommendation.recommendationId), hasCode("advice.not_open"));
  });

  it("is refused if a user divides new runs, and overtaken if the user does so during a trial", async () => {
    const text = order("moved", "shop.charge");
    await tutti.workflows.register(text);
    await run("moved", 8);
    const [recommendation = assert.fail()] = (await found("moved", 8)).recommendations;
    await apply(recommendation.recommendationId);
    await tutti.workflows.register(text.replace("300ms", "200ms"));
    await until(
      "it is overtaken",
      async () => {
        await installation.pass(11_000);
        return await listed("moved", [RecommendationStatus.RECOMMENDATION_STATUS_EXPIRED]);
      },
      ([each]) => each?.trial?.settled === true,
    );
    await assert.rejects(apply(recommendation.recommendationId), hasCode("advice.divided"));
  });

  it("is dismissed by a user", async () => {
    await tutti.workflows.register(order("plain", "shop.charge"));
    await run("plain", 8);
    const [recommendation = assert.fail()] = (await found("plain", 8)).recommendations;
    const { recommendationId } = recommendation;
    await advice().dismissRecommendation(DismissRecommendationRequest.fromPartial({ recommendationId }));
    assert.deepEqual(await listed("plain"), []);
    await assert.rejects(apply("none"), hasCode("advice.missing"));
  });

  it("proposes more entries at once for a list that waits for its slots", async () => {
    await tutti.workflows.register(`workflow: lines
tasks:
  each: {forEach: "[1, 2, 3, 4]", maxParallel: 2, wait: 300ms}
`);
    await run("lines", 6);
    const [recommendation = assert.fail(), ...others] = (await found("lines", 6)).recommendations;
    assert.deepEqual(
      [recommendation.kind, recommendation.changes, others],
      ["parallel", ["tasks.each.maxParallel: 2 → 4"], []],
    );
    assert.ok((recommendation.gain?.median ?? 0) > 0.4, `${recommendation.gain?.median}`);
  });

  it("publishes each step, also for recommendations that a kept one overtakes", async () => {
    await tutti.workflows.register(`${order("both", "shop.charge")}  each:
    {needs: [ship], forEach: "[1, 2, 3, 4]", maxParallel: 2, wait: 300ms}
`);
    await run("both", 8);
    const keptId = "both.needless-need.charge.pause";
    await found("both", 8);
    await apply(keptId);
    const open = await listed("both", [RecommendationStatus.RECOMMENDATION_STATUS_OPEN]);
    const [{ recommendationId: second } = assert.fail()] = open;
    await assert.rejects(apply(second), hasCode("advice.on_trial"));
    assert.equal((await decided("both"))?.status, applied);
    const others = await listed("both", [RecommendationStatus.RECOMMENDATION_STATUS_EXPIRED]);
    assert.ok(others.length > 0);
    const expected = {
      order: ["made", "tried", "kept"],
      late: ["made", "tried", "taken_back"],
      moved: ["made", "tried", "overtaken"],
      plain: ["made", "dismissed"],
      lines: ["made"],
      both: ["made", ...others.map(() => "made"), "tried", "kept", ...others.map(() => "overtaken")],
    };
    const eventsOf = (subject: string) => events.filter((each) => each.includes(` ${subject}.`));
    await until(
      "all to be published",
      () => Object.keys(expected).map((subject) => eventsOf(subject).map((each) => each.split(" ")[0])),
      (published) => published.flat().length === Object.values(expected).flat().length,
    );
    for (const [subject, steps] of Object.entries(expected))
      assert.deepEqual(
        eventsOf(subject).map((each) => each.split(" ")[0]),
        steps,
        subject,
      );
    const overtaken = eventsOf("both").filter((each) => each.startsWith("overtaken "));
    assert.deepEqual(
      overtaken.toSorted(),
      others.map(({ recommendationId }) => `overtaken ${recommendationId}`).toSorted(),
    );
  });

  it("forecasts no load if no process records placements, and refuses unknown measures", async () => {
    const subjects = ["starts_per_sec", "busy_slots"].map((measure) => ({ measure, pool: "default" }));
    const { series } = await advice().forecast(ForecastRequest.fromPartial({ subjects, stepMs: 10_000 }));
    assert.deepEqual(
      series.map(({ expected }) => expected),
      [[], []],
    );
    const unknown = ForecastRequest.fromPartial({ subjects: [{ measure: "queued" }] });
    await assert.rejects(advice().forecast(unknown), hasCode("advice.invalid"));
  });
});

function hasCode(code: string) {
  return (error: unknown) => isTuttiError(error) && error.code === code;
}
