import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TuttiError } from "@tutti/kernel";
import { schema } from "../generated/schema.ts";
import { routeNamed } from "../routes/routes.ts";
import { Mapping } from "./mapping.ts";

const mapping = new Mapping(schema);
const read = (json: unknown) => mapping.read("tutti.types.v1.TaskSpec", json);

function startPlan() {
  const { rpc = "", ...route } = routeNamed("sessions.start");
  return mapping.planOf({ ...route, rpc });
}

function startOf(body: unknown) {
  const plan = startPlan();
  return mapping.request(plan, { params: {}, query: new URLSearchParams(), body, idempotencyKey: "" });
}

describe("words of definitions in requests", () => {
  it("map to the fields of the contracts", () => {
    const withAliases = {
      id: "send",
      uses: "mail.send",
      with: { to: "ann" },
      needs: ["fetch", { task: "check", on: "always" }],
      retry: { attempts: 3, backoff: "2s..1m", notOn: ["mail.*"], exhausted: "pause", onLost: "fail" },
      timeout: { run: "30s", queue: 5_000 },
      cost: { duration: "1m", tokens: 40 },
      compensate: { uses: "mail.recall", with: {} },
      dueTime: "2027-01-31T08:00:00Z",
    };
    const inFields = {
      id: "send",
      capability: "mail.send",
      input: { to: "ann" },
      needs: [{ task: "fetch" }, { task: "check", condition: "always" }],
      retry: {
        maxAttempts: 3,
        initialMs: 2_000,
        maxMs: 60_000,
        failOn: ["mail.*"],
        pauseWhenExhausted: true,
        failWhenLost: true,
      },
      timeouts: { runMs: 30_000, queueMs: 5_000 },
      estimate: { durationMs: 60_000, tokens: 40 },
      compensate: { capability: "mail.recall", input: {} },
      dueTimeMs: Date.parse("2027-01-31T08:00:00Z"),
    };
    assert.deepEqual(read(withAliases), read(inFields));
  });

  it("have short forms", () => {
    assert.deepEqual(
      read({ id: "a", retry: 2, timeout: "90s" }),
      read({
        id: "a",
        retry: { maxAttempts: 2 },
        timeouts: { runMs: 90_000 },
      }),
    );
    const task = { id: "a", uses: "a.b" };
    assert.deepEqual(
      startOf({ tasks: [task], timeout: "1h", after: ["first", { session: "second", on: "always" }] }),
      startOf({
        tasks: { tasks: [task] },
        timeoutMs: 3_600_000,
        dependsOn: [
          { session: { kind: "session", id: "first" } },
          { session: { kind: "session", id: "second" }, condition: "always" },
        ],
      }),
    );
  });

  it("are refused by their name in the request, with the expected value", () => {
    const cases: readonly (readonly [json: Record<string, unknown>, problem: RegExp])[] = [
      [
        { timeout: "soon" },
        /timeout.run: expected a duration such as `30s` or `1h30m`, or milliseconds, got "soon"/,
      ],
      [{ retry: { backoff: 5 } }, /retry.backoff: expected the first pause, and the longest/],
      [{ retry: { onLost: "wait" } }, /retry.onLost: expected `retry` or `fail`, got "wait"/],
      [{ uses: "a.b", capability: "a.c" }, /uses: expected only one of it and capability, got both/],
      [{ use: "a.b" }, /use: unknown field. Did you mean `uses`\?/],
      [{ tiemout: "1s" }, /tiemout: unknown field. Did you mean `timeouts?`\?/],
    ];
    for (const [json, problem] of cases) assert.throws(() => read({ id: "a", ...json }), problem);
  });
});

describe("long lists in requests", () => {
  const partsOf = (tasks: readonly unknown[]) => ({
    ...{ params: {}, query: new URLSearchParams(), idempotencyKey: "" },
    body: { tasks: { tasks } },
  });
  const entry = (index: number) => ({ id: `t${index}`, uses: "a.b", needs: [`t${index - 1}`] });

  it("are read in slices, with the same result", async () => {
    const parts = partsOf(Array.from({ length: 1_050 }, (_, index) => entry(index)));
    let turns = 0;
    const read = await mapping.requestInTurns(startPlan(), parts, (run) => {
      turns++;
      run();
    });
    assert.deepEqual(read, mapping.request(startPlan(), parts));
    assert.equal(turns, 6);
  });

  it("are refused with the place of each wrong entry", async () => {
    const parts = partsOf([
      ...Array.from({ length: 500 }, (_, index) => entry(index)),
      { id: 7 },
      { idd: "x" },
    ]);
    await assert.rejects(mapping.requestInTurns(startPlan(), parts), ({ violations }: TuttiError) => {
      assert.deepEqual(
        violations.map(({ field }) => field),
        ["tasks.tasks[500].id", "tasks.tasks[501].idd"],
      );
      return true;
    });
  });
});
