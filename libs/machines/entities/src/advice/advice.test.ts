import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RecommendationStatus } from "@tutti/contracts/intelligence/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { adviceKey, recommendationOf, runsOf } from "../testing/advice.ts";
import {
  advice,
  dismissFound,
  judgeTrialOf,
  keepFound,
  recommended,
  registerTrial,
  settleTrial,
  startTrial,
  statusName,
} from "./index.ts";

const dayMs = 86_400_000;

class Stage {
  readonly driver = new MachineDriver({ machines: [advice], service: "master" });

  find(ids: readonly string[], subject = "order", baseHash = "h1"): void {
    const found = ids.map((id) => recommendationOf(id, { subject }));
    assert.ok(!isRefusal(this.driver.execute(adviceKey, keepFound, { subject, baseHash, found })));
  }

  start(recommendationId: string, baseHash = "h1") {
    const started = this.driver.execute(adviceKey, startTrial, { recommendationId, baseHash, percent: 20 });
    if (isRefusal(started)) return started;
    this.driver.execute(adviceKey, registerTrial, { recommendationId, hash: `hash-of-${recommendationId}` });
    return undefined;
  }

  judge(recommendationId: string, runs: number, ms: number, failed = 0): string {
    const body = { recommendationId, before: runsOf(400, 100), tried: runsOf(runs, ms, failed), harm: "" };
    assert.ok(!isRefusal(this.driver.execute(adviceKey, judgeTrialOf, body)));
    return this.status(recommendationId);
  }

  status(id: string): string {
    return statusName(this.of(id)?.status ?? RecommendationStatus.RECOMMENDATION_STATUS_UNSPECIFIED);
  }

  of(id: string) {
    const all = this.driver.query(adviceKey, recommended, undefined);
    assert.ok(!isRefusal(all));
    return all.find(({ recommendationId }) => recommendationId === id);
  }
}

const codeOf = (refusal: Refusal | undefined) => refusal?.code;

describe("advice", () => {
  it("tries one recommendation of a workflow at a time", () => {
    const stage = new Stage();
    stage.find(["up", "down"]);
    stage.find(["other"], "ship");
    assert.equal(stage.start("up"), undefined);
    assert.equal(codeOf(stage.start("down")), "advice.on_trial");
    assert.equal(stage.start("other"), undefined, "another workflow");
    assert.equal(stage.judge("up", 20, 300), "taken back");
    assert.equal(codeOf(stage.start("down")), "advice.on_trial", "runs do not go yet as it was decided");
    stage.driver.execute(adviceKey, settleTrial, { recommendationId: "up" });
    assert.equal(stage.start("down"), undefined);
  });

  it("expires when another trial is applied, and is overtaken by a new version", () => {
    const stage = new Stage();
    stage.find(["one", "two"]);
    stage.start("one");
    stage.judge("one", 20, 50);
    assert.equal(stage.judge("one", 40, 50), "applied");
    assert.equal(stage.status("two"), "expired");
    stage.driver.execute(adviceKey, settleTrial, { recommendationId: "one" });
    stage.find(["two"], "order", "h2");
    assert.equal(codeOf(stage.start("two", "h3")), "advice.overtaken");
    assert.equal(stage.start("two", "h2"), undefined);
  });

  it("judges a change for slow runs by the slowest tenth, and any other by the median", () => {
    for (const [measure, status] of [
      ["time_p90", "applied"],
      ["time", "trial"],
    ] as const) {
      const stage = new Stage();
      const found = [
        recommendationOf("one", { gain: { measure, median: 0.5, low: 0.4, high: 0.6, runs: 20 } }),
      ];
      const { subject } = found[0] ?? assert.fail();
      stage.driver.execute(adviceKey, keepFound, { subject, baseHash: "h1", found });
      stage.start("one");
      const before = {
        ...runsOf(400, 100),
        runMs: Array.from({ length: 400 }, (_, at) => (at % 5 === 0 ? 500 + at : 100 + (at % 7))),
      };
      for (const runs of [20, 40, 80]) {
        if (stage.status("one") !== "trial") continue;
        const body = { recommendationId: "one", before, tried: runsOf(runs, 100), harm: "" };
        assert.ok(!isRefusal(stage.driver.execute(adviceKey, judgeTrialOf, body)));
      }
      assert.equal(stage.status("one"), status, measure);
    }
  });

  it("rolls back a faster version that does other harm", () => {
    const stage = new Stage();
    stage.find(["one"]);
    stage.start("one");
    const harm = "Outputs differ.";
    const body = { recommendationId: "one", before: runsOf(400, 100), tried: runsOf(19, 50), harm };
    assert.ok(!isRefusal(stage.driver.execute(adviceKey, judgeTrialOf, body)));
    assert.deepEqual([stage.status("one"), stage.of("one")?.trial?.finding], ["taken back", harm]);
  });

  it("rolls back a worse version with its finding, and waits for more runs before it decides", () => {
    const stage = new Stage();
    stage.find(["one"]);
    stage.start("one");
    assert.equal(stage.judge("one", 19, 100), "trial");
    assert.equal(stage.of("one")?.trial?.looks, 0);
    assert.equal(stage.judge("one", 20, 100), "trial");
    const { looks, nextRuns } = stage.of("one")?.trial ?? {};
    assert.deepEqual([looks, nextRuns], [1, 40]);
    assert.equal(stage.judge("one", 30, 100, 10), "taken back");
    const { trial, takenBack } = stage.of("one") ?? {};
    assert.deepEqual(
      [takenBack, trial?.finding, trial?.tried?.failed, trial?.settled],
      [1, "10 of 40 runs failed, before 0 of 400.", 10, false],
    );
  });

  it("waits 7, then 14, then 28 days after a rollback before it tries a recommendation again", () => {
    const stage = new Stage();
    const trials: number[] = [];
    // An adviser that finds the same every hour, and a user that applies each open one.
    for (let hour = 0; hour < 60 * 24; hour++) {
      stage.find(["one"]);
      if (stage.status("one") === "open" && stage.start("one") === undefined) {
        trials.push(Math.floor(hour / 24));
        stage.judge("one", 25, 150);
        stage.driver.execute(adviceKey, settleTrial, { recommendationId: "one" });
      }
      stage.driver.advance(dayMs / 24);
    }
    assert.deepEqual(trials, [0, 7, 21, 49]);
    assert.equal(stage.of("one")?.takenBack, 4);
  });

  it("is suppressed for 7 days after it was dismissed, and expires if runs no longer show it", () => {
    const stage = new Stage();
    stage.find(["one", "two"]);
    stage.driver.execute(adviceKey, dismissFound, { recommendationId: "one" });
    stage.find(["one"]);
    assert.deepEqual([stage.status("one"), stage.status("two")], ["dismissed", "expired"]);
    assert.equal(codeOf(stage.start("one")), "advice.not_open");
    stage.driver.advance(7 * dayMs);
    stage.find(["one"]);
    assert.equal(stage.status("one"), "open");
  });

  it("is not tried if a user has to change something first", () => {
    const stage = new Stage();
    const found = [recommendationOf("one", { manual: "a worker needs another handler." })];
    stage.driver.execute(adviceKey, keepFound, { subject: "order", baseHash: "h1", found });
    assert.equal(codeOf(stage.start("one")), "advice.manual");
  });

  it("is rolled back when a user dismisses it on trial", () => {
    const stage = new Stage();
    stage.find(["one"]);
    stage.start("one");
    stage.driver.execute(adviceKey, dismissFound, { recommendationId: "one" });
    assert.deepEqual([stage.status("one"), stage.of("one")?.trial?.settled], ["taken back", false]);
  });
});
