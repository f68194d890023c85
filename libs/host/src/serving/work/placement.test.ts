import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Explanation, Wait, WaitCause } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { testContext } from "@tutti/kernel/testing";
import { type PlacementDependencies, placementOf, withPlacement } from "./placement.ts";

const { WAIT_CAUSE_BREAKER, WAIT_CAUSE_BUSY, WAIT_CAUSE_POLICY } = WaitCause;
const work = { namespace: "default", kind: "run", id: "run-1", task: "charge" };
const readyMs = 1_000_000;
const queued = { work, queueTime: toTimestamp(readyMs), waits: true };
type Outages = ReturnType<PlacementDependencies["outagesAt"]>;

const outage = (cause: WaitCause, fromMs: number, toMs: number | undefined): Outages[number] => ({
  ...{ cause, message: `because of ${cause}`, remedy: `mend ${cause}`, fromMs, toMs },
  waitedMs: (toMs ?? fromMs + 500) - fromMs,
});

type Options = Parameters<PlacementDependencies["pools"]["explainPlacement"]>[1];

function dependencies(
  outages: Outages,
): PlacementDependencies & { asked: number; sinceMs: number; options: Options | undefined } {
  const busy = {
    cause: WAIT_CAUSE_BUSY,
    present: true,
    startTime: toTimestamp(readyMs + 200),
    waitedMs: 300,
  };
  const explanation = Explanation.fromPartial({ summary: "It waits: all are busy.", waits: [busy] });
  const made = {
    ...{ asked: 0, sinceMs: 0, options: undefined as Options | undefined },
    pools: {
      explainPlacement: async (_request: object, options?: Options) => {
        made.asked++;
        made.options = options;
        return { explanation };
      },
    },
    namespaceOfPool: (pool: string, namespace: string) => (pool === "shared" ? "default" : namespace),
    outagesAt(_namespace: string, _pool: string, sinceMs: number) {
      made.sinceMs = sinceMs;
      return outages;
    },
  };
  return made;
}

describe("the placement of a task in a pool", () => {
  it("is the current obstacle on the way, without a request to the pool, which does not have the task", async () => {
    const outages = [
      outage(WAIT_CAUSE_POLICY, readyMs, readyMs + 100),
      outage(WAIT_CAUSE_BREAKER, readyMs + 100, undefined),
    ];
    const asked = dependencies(outages);
    const placed = await placementOf(asked, "gpu", queued, testContext({}));
    assert.deepEqual([asked.asked, asked.sinceMs], [0, readyMs]);
    assert.deepEqual(
      placed?.waits.map(({ cause, present, waitedMs, subject }) => [cause, present, waitedMs, subject]),
      [
        [WAIT_CAUSE_BREAKER, true, 500, "gpu"],
        [WAIT_CAUSE_POLICY, false, 100, "gpu"],
      ],
    );
    assert.deepEqual(
      placed?.remedies.map(({ text }) => text),
      [`mend ${WAIT_CAUSE_BREAKER}`],
    );
    const own = Explanation.fromPartial({ summary: "`charge` is queued.", waits: [Wait.create()] });
    assert.match(withPlacement(own, placed).summary, /^`charge` is queued\. It waits: because of/);
    const unended = { ...own, summary: "it is to be claimed" };
    assert.match(withPlacement(unended, placed).summary, /^it is to be claimed\. It waits: because of/);
  });

  it("is the answer of the pool, with the earlier obstacles", async () => {
    const subject = dependencies([outage(WAIT_CAUSE_POLICY, readyMs, readyMs + 200)]);
    const placed = await placementOf(subject, "gpu", queued, testContext({}));
    assert.deepEqual(
      placed?.waits.map(({ cause, present }) => [cause, present]),
      [
        [WAIT_CAUSE_BUSY, true],
        [WAIT_CAUSE_POLICY, false],
      ],
    );
  });

  it("is requested as the caller for a pool of its namespace, and as the service for a shared pool", async () => {
    const context = testContext({ namespace: "shop" });
    for (const [pool, expectedContext] of [
      ["gpu", context],
      ["shared", undefined],
    ] as const) {
      const subject = dependencies([]);
      await placementOf(subject, pool, queued, context);
      assert.equal(subject.options?.context, expectedContext);
    }
  });

  it("omits obstacles on the way to the pool for a running task", async () => {
    const subject = dependencies([outage(WAIT_CAUSE_BREAKER, readyMs, undefined)]);
    const placed = await placementOf(subject, "gpu", { ...queued, waits: false }, testContext({}));
    assert.deepEqual(
      placed?.waits.map(({ cause }) => cause),
      [WAIT_CAUSE_BUSY],
    );
  });
});
