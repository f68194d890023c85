import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ActorKind, WorkStatus } from "@tutti/contracts/types/v1";
import {
  CountRunsRequest,
  definitionService,
  ListRunsRequest,
  PauseRunRequest,
  RetryRunRequest,
  type Run,
  RunFilter,
  RunProperty,
  runService,
  SignalRunRequest,
  StartRunRequest,
  WatchRunsRequest,
} from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import { nextMoment, Serving } from "./serving.ts";

const reported = "workflow: told\ntasks: {go: {wait: {signal: go}}}\n";
const parent = "workflow: parent\ntasks: {sub: {workflow: told}}\n";

type Filter = NonNullable<Parameters<typeof RunFilter.fromPartial>[0]>;

describe("lists of runs", () => {
  let serving: Serving;
  const runs = () => serving.host.mesh.client(runService);
  const start = (name: string, runId: string, labels: Record<string, string> = {}) =>
    runs().startRun(
      StartRunRequest.fromPartial({
        runId,
        spec: { what: { $case: "definition", value: { name } }, labels },
      }),
    );
  const list = async (filter: Filter, page = {}) => {
    const reply = await runs().listRuns(ListRunsRequest.fromPartial({ filter, page, oldestFirst: true }));
    return { ids: reply.runs.map(({ runId }) => runId), token: reply.page?.nextToken ?? "" };
  };
  const idsOf = async (filter: Filter) => (await list(filter)).ids;
  const { WORK_STATUS_RUNNING: running } = WorkStatus;

  before(async () => {
    serving = await Serving.open();
    for (const text of [reported, parent])
      await serving.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", source: { format: 1, text, fileName: "" }, versionLabels: [], keepLatest: false },
      });
    for (const runId of ["a", "b", "c"]) {
      await start("told", runId, { team: runId === "c" ? "red" : "blue" });
      await nextMoment();
    }
    await start("parent", "family");
    await runs().pauseRun(PauseRunRequest.fromPartial({ runId: "b", reason: "look at it" }));
    // The index is at most a second behind.
    await until("the index", async () => (await idsOf({ needsPerson: true })).length > 0);
    await until("five runs", async () => (await idsOf({})).length === 5);
  });
  after(() => serving[Symbol.asyncDispose]());

  it("match each condition of a filter, and all conditions together", async () => {
    const [child = ""] = await idsOf({ parent: { kind: "run", id: "family" } });
    assert.match(child, /^family\.\./);
    assert.deepEqual(await idsOf({ definitions: ["told"] }), ["a", "b", "c", child]);
    // A child may start in the same moment as its parent.
    const both = await idsOf({ definitions: ["told", "parent"] });
    assert.deepEqual(both.toSorted(), ["a", "b", "c", "family", child]);
    assert.deepEqual(await idsOf({ rootsOnly: true }), ["a", "b", "c", "family"]);
    assert.deepEqual(await idsOf({ needsPerson: true }), ["b"]);
    assert.deepEqual(await idsOf({ labels: { equals: { team: "blue" } }, statuses: [running] }), ["a"]);
    assert.deepEqual(await idsOf({ runIds: ["c", "nobody"] }), ["c"]);
    assert.deepEqual(await idsOf({ text: "RED" }), ["c"]);
  });

  it("show a retried run as running again", async () => {
    await start("told", "again", { team: "green" });
    await runs().cancelRun({ namespace: "", runId: "again", reason: "", noCompensate: false });
    const statuses = async () => {
      const filter = { labels: { equals: { team: "green" } } };
      const { runs: found } = await runs().listRuns(ListRunsRequest.fromPartial({ filter }));
      return found.map(({ status, endTime }) => (endTime === undefined ? status : "ended"));
    };
    await until("its end", statuses, ([status]) => status === "ended");
    await runs().retryRun(RetryRunRequest.fromPartial({ runId: "again" }));
    await until("its retry", statuses, ([status]) => status !== "ended");
    assert.deepEqual(await statuses(), [running]);
    await runs().terminateRun({ namespace: "", runId: "again", reason: "" });
  });

  it("come page by page, each run once", async () => {
    const first = await list({ rootsOnly: true }, { size: 3 });
    const second = await list({ rootsOnly: true }, { size: 3, token: first.token });
    assert.deepEqual(
      [first.ids.length, [...first.ids, ...second.ids]],
      [3, ["a", "b", "c", "family", "again"]],
    );
  });

  it("are counted by property", async () => {
    const { counts } = await runs().countRuns(
      CountRunsRequest.fromPartial({ by: RunProperty.RUN_PROPERTY_LABEL, label: "team" }),
    );
    assert.deepEqual(counts.map(({ value, count }) => [value, count]).sort(), [
      ["", 2],
      ["blue", 2],
      ["green", 1],
      ["red", 1],
    ]);
  });

  it("are watched: matching runs, new runs, and runs that no longer match", async () => {
    const filter = RunFilter.fromPartial({ labels: { equals: { team: "red" } }, statuses: [running] });
    const watch = runs().watchRuns(WatchRunsRequest.fromPartial({ filter }));
    const next = async () => {
      const { value } = await watch.next();
      return { ids: value?.runs.map(({ runId }) => runId), removed: value?.removedIds, live: value?.live };
    };
    assert.deepEqual(await next(), { ids: ["c"], removed: [], live: true });
    await start("told", "d", { team: "red" });
    assert.deepEqual(await next(), { ids: ["d"], removed: [], live: true });
    await runs().signalRun(SignalRunRequest.fromPartial({ runId: "d", signal: "go" }));
    assert.deepEqual((await next()).removed, ["d"]);
    await watch.return();
  });

  it("show the status of tasks, the number of open questions, and the creator of each run", async () => {
    const text =
      "workflow: asking\ntasks: {first: {set: 1}, one: {needs: [first], approve: {by: [ops]}}, two: {needs: [first], approve: {by: [ops]}}}\n";
    await serving.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: 1, text, fileName: "" }, versionLabels: [], keepLatest: false },
    });
    await start("asking", "asked");
    const filter = { runIds: ["asked"] };
    const findRun = async () =>
      (await runs().listRuns(ListRunsRequest.fromPartial({ filter }))).runs.find(
        ({ openApprovals }) => openApprovals === 2,
      );
    let run = await findRun();
    while (run === undefined) run = await findRun();
    const { run: alone } = await runs().getRun({ namespace: "", runId: "asked", atEvent: 0 });
    for (const { tasks, openApprovals, createCause } of [run, alone ?? {}] as Partial<Run>[]) {
      assert.deepEqual([tasks?.total, tasks?.completed, tasks?.waiting], [3, 1, 2]);
      assert.equal(openApprovals, 2);
      assert.equal(createCause?.actor?.kind, ActorKind.ACTOR_KIND_PERSON);
    }
    const { counts } = await runs().countRuns(
      CountRunsRequest.fromPartial({ filter, by: RunProperty.RUN_PROPERTY_STATUS }),
    );
    assert.deepEqual(
      counts.map(({ value }) => value),
      ["running"],
    );
    await runs().terminateRun({ namespace: "", runId: "asked", reason: "" });
  });
});
