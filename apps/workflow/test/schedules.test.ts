import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  ArchiveDefinitionRequest,
  BackfillScheduleRequest,
  CreateScheduleRequest,
  definitionService,
  FiringResult,
  ListFiringsRequest,
  ListLimitsRequest,
  limitService,
  Overlap,
  PreviewTimingRequest,
  SetLimitRequest,
  scheduleService,
  TriggerScheduleRequest,
  UpdateScheduleRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { nextMoment, Serving } from "./serving.ts";

const cron = (value: string) => ({ rules: [{ rule: { $case: "cron" as const, value } }] });
const nightly = {
  scheduleId: "nightly",
  timing: { ...cron("0 3 * * *"), timeZone: "Europe/Berlin" },
  run: { what: { $case: "definition" as const, value: { name: "report" } } },
  labels: { team: "night" },
};

const codeOf = (code: string) => (error: unknown) => isTuttiError(error) && error.code === code;

describe("schedules", () => {
  let serving: Serving;
  const client = () => serving.host.mesh.client(scheduleService);

  before(async () => {
    serving = await Serving.open();
    await serving.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", versionLabels: [], keepLatest: false },
      source: { format: 1, text: "workflow: report\ntasks: {write: {uses: report.write}}\n", fileName: "" },
    });
    await client().createSchedule(CreateScheduleRequest.fromPartial({ schedule: nightly }));
  });
  after(() => serving[Symbol.asyncDispose]());

  it("a created schedule has its next times, and creating it again returns the existing schedule", async () => {
    const repeated = await client().createSchedule(CreateScheduleRequest.fromPartial({ schedule: nightly }));
    assert.equal(repeated.existed, true);
    const { schedule } = await client().getSchedule({ namespace: "", scheduleId: "nightly" });
    assert.equal(schedule?.nextTimes.length, 10);
    assert.equal(schedule?.timing?.timeZone, "Europe/Berlin");
    const run = schedule?.run?.what;
    assert.equal(run?.$case === "definition" ? run.value.name : "", "report");
  });

  it("a schedule that starts an unknown definition is refused", async () => {
    const schedule = {
      ...nightly,
      scheduleId: "other",
      run: { what: { $case: "definition", value: { name: "nothing" } } },
    } as const;
    await assert.rejects(
      client().createSchedule(CreateScheduleRequest.fromPartial({ schedule })),
      codeOf("definition.missing"),
    );
  });

  it("a rule that is none is refused in words", async () => {
    const schedule = { ...nightly, scheduleId: "other", timing: cron("61 * * * *") };
    await assert.rejects(client().createSchedule(CreateScheduleRequest.fromPartial({ schedule })), /61/);
  });

  it("an update sets the named fields, and detects a concurrent change", async () => {
    const change = (description: string, revision: string) =>
      client().updateSchedule(
        UpdateScheduleRequest.fromPartial({
          schedule: { ...nightly, description, timing: cron("0 4 * * *") },
          update: { fields: ["description"], revision },
        }),
      );
    const { schedule } = await change("first", "");
    assert.deepEqual(
      [schedule?.description, schedule?.timing?.rules[0]?.rule?.value],
      ["first", "0 3 * * *"],
    );
    await assert.rejects(change("second", "1"), codeOf("schedule.moved"));
  });

  it("a paused schedule has no next times, and a resumed schedule has them again", async () => {
    const paused = await client().pauseSchedule({ namespace: "", scheduleId: "nightly", reason: "holidays" });
    assert.deepEqual([paused.schedule?.paused, paused.schedule?.nextTimes.length], [true, 0]);
    const resumed = await client().resumeSchedule({ namespace: "", scheduleId: "nightly", reason: "" });
    assert.equal(resumed.schedule?.nextTimes.length, 10);
  });

  it("a preview shows times shifted by daylight saving before the schedule is created", async () => {
    const { times } = await client().previewTiming(
      PreviewTimingRequest.fromPartial({
        timing: { ...cron("30 2 * * *"), timeZone: "Europe/Berlin" },
        fromTime: { seconds: Date.parse("2027-03-27T00:00:00Z") / 1_000 },
        count: 2,
      }),
    );
    const isoTimes = times.map(({ seconds }) => new Date(Number(seconds) * 1_000).toISOString());
    assert.deepEqual(isoTimes, ["2027-03-27T01:30:00.000Z", "2027-03-28T01:00:00.000Z"]);
  });

  it("lists contain the existing schedules", async () => {
    const list = async () => {
      const { schedules } = await client().listSchedules({
        namespace: "",
        filter: undefined,
        page: undefined,
      });
      return schedules.map(({ scheduleId }) => scheduleId);
    };
    await until("the index", async () => (await list()).length > 0);
    assert.deepEqual(await list(), ["nightly"]);
  });

  it("a repeated backfill without an end acts once, and returns the first count", async () => {
    const fromSeconds = Math.floor(Date.now() / 1_000) - 3 * 86_400;
    const request = (overlap: Overlap) =>
      BackfillScheduleRequest.fromPartial({
        ...{ scheduleId: "nightly", idempotencyKey: "backfilled", reason: "missed", overlap },
        span: { from: { seconds: fromSeconds } },
      });
    const first = request(Overlap.OVERLAP_ALLOW);
    const { count } = await client().backfillSchedule(first);
    assert.equal(count, 3);
    await nextMoment();
    assert.deepEqual(await client().backfillSchedule(first), { count });
    const { firings } = await client().listFirings(ListFiringsRequest.fromPartial({ scheduleId: "nightly" }));
    assert.equal(firings.length, 3);
    const other = request(Overlap.OVERLAP_SKIP);
    await assert.rejects(client().backfillSchedule(other), codeOf("runtime.key_reused"));
  });

  it("a deleted schedule is not found, and can be created again", async () => {
    await client().createSchedule(
      CreateScheduleRequest.fromPartial({ schedule: { ...nightly, scheduleId: "gone" } }),
    );
    const request = { namespace: "", scheduleId: "gone", reason: "" };
    assert.deepEqual(await client().deleteSchedule(request), { removed: true });
    assert.deepEqual(await client().deleteSchedule(request), { removed: false });
    await assert.rejects(client().getSchedule(request), codeOf("schedule.missing"));
    const again = await client().createSchedule(
      CreateScheduleRequest.fromPartial({ schedule: { ...nightly, scheduleId: "gone" } }),
    );
    assert.deepEqual([again.existed, again.schedule?.revision], [false, "2"]);
  });
});

describe("the input of a schedule", () => {
  const register = (serving: Serving, text: string) =>
    serving.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", versionLabels: [], keepLatest: false },
      source: { format: 1, text, fileName: "" },
    });
  const versionOf = (schema: string) => `workflow: report\n${schema}tasks: {write: {uses: report.write}}\n`;
  const needsMonth =
    "input: {schema: {type: object, properties: {month: {type: string}}, required: [month]}}\n";

  it("is refused at creation and in a change by the schema of the workflow, with its places", async () => {
    await using serving = await Serving.open();
    await register(serving, versionOf(needsMonth));
    const client = serving.host.mesh.client(scheduleService);
    const create = (run: object) =>
      client.createSchedule(CreateScheduleRequest.fromPartial({ schedule: { ...nightly, run } }));
    const { what } = nightly.run;
    const refuses = (run: object, field: string) =>
      assert.rejects(create(run), (error) => isTuttiError(error) && error.violations[0]?.field === field);
    await refuses({ what }, "schedule.run.input");
    const inline = (value: unknown) => ({
      body: { $case: "inline" as const, value: Buffer.from(JSON.stringify(value)) },
      mediaType: "",
    });
    await refuses({ what, input: inline({ month: 5 }) }, "schedule.run.input.month");
    await create({ what, input: inline({ month: "may" }) });
    const change = client.updateSchedule(
      UpdateScheduleRequest.fromPartial({
        schedule: { ...nightly, run: { what, input: inline({}) } },
        update: { fields: ["run"] },
      }),
    );
    await assert.rejects(change, codeOf("workflow.input_invalid"));
  });

  it("that a later version refuses is named with its places in the firing", async () => {
    await using serving = await Serving.open();
    await register(serving, versionOf(""));
    const client = serving.host.mesh.client(scheduleService);
    await client.createSchedule(CreateScheduleRequest.fromPartial({ schedule: nightly }));
    await register(serving, versionOf(needsMonth));
    await client.triggerSchedule(TriggerScheduleRequest.fromPartial({ scheduleId: "nightly" }));
    const firing = async () => {
      const { firings } = await client.listFirings(ListFiringsRequest.fromPartial({ scheduleId: "nightly" }));
      return firings.find(({ result }) => result === FiringResult.FIRING_RESULT_REFUSED);
    };
    await until("the start is refused", async () => (await firing()) !== undefined);
    assert.match((await firing())?.message ?? "", /^workflow\.input_invalid: .* `input`: /);
  });
});

describe("past firings", () => {
  it("have one entry for each refused start, with the reason and without a run", async () => {
    await using serving = await Serving.open();
    const definitions = serving.host.mesh.client(definitionService);
    const client = serving.host.mesh.client(scheduleService);
    await definitions.registerDefinition({
      ...{ namespace: "", versionLabels: [], keepLatest: false },
      source: { format: 1, text: "workflow: report\ntasks: {write: {uses: report.write}}\n", fileName: "" },
    });
    await client.createSchedule(CreateScheduleRequest.fromPartial({ schedule: nightly }));
    await definitions.archiveDefinition(ArchiveDefinitionRequest.fromPartial({ name: "report" }));
    const page = async (size: number, token = "") =>
      client.listFirings(ListFiringsRequest.fromPartial({ scheduleId: "nightly", page: { size, token } }));
    const refused = async (count: number) => {
      await client.triggerSchedule(TriggerScheduleRequest.fromPartial({ scheduleId: "nightly" }));
      await until("the start is refused", async () => {
        const { firings } = await page(10);
        return firings.filter(({ result }) => result === FiringResult.FIRING_RESULT_REFUSED).length === count;
      });
    };
    await refused(1);
    await refused(2);
    const { firings } = await page(10);
    assert.equal(firings.length, 2);
    for (const { dueTime, fireTime, runId, message } of firings) {
      assert.ok(dueTime !== undefined && fireTime !== undefined);
      assert.equal(runId, "");
      assert.match(message, /^definition\./);
    }
    const first = await page(1);
    const second = await page(1, first.page?.nextToken);
    assert.deepEqual([...first.firings, ...second.firings], firings);
    const { schedule } = await client.getSchedule({ namespace: "", scheduleId: "nightly" });
    assert.deepEqual(
      schedule?.recentFirings.map(({ runId, result }) => [runId, result]),
      firings.map(({ result }) => ["", result]),
    );
  });
});

describe("limits", () => {
  it("are set, read, changed and deleted", async () => {
    await using serving = await Serving.open();
    const client = serving.host.mesh.client(limitService);
    const request = (maxConcurrent: number, revision = "") =>
      SetLimitRequest.fromPartial({ limit: { key: "customer-17", maxConcurrent }, revision });
    const { limit } = await client.setLimit(request(3));
    assert.deepEqual([limit?.maxConcurrent, limit?.held, limit?.waiting], [3, 0, 0]);
    await client.setLimit(request(5, limit?.revision));
    await assert.rejects(client.setLimit(request(7, limit?.revision)), codeOf("limit.moved"));
    const found = await client.getLimit({ namespace: "", key: "customer-17" });
    assert.equal(found.limit?.maxConcurrent, 5);
    const { holders } = await client.listHolders({ namespace: "", key: "customer-17", page: undefined });
    assert.deepEqual(holders, []);
    assert.deepEqual(await client.deleteLimit({ namespace: "", key: "customer-17", reason: "" }), {
      removed: true,
    });
    await assert.rejects(client.getLimit({ namespace: "", key: "nobody" }), codeOf("limit.missing"));
  });

  it("a deleted limit is not found, and can be set again", async () => {
    await using serving = await Serving.open();
    const client = serving.host.mesh.client(limitService);
    const set = (key: string) =>
      client.setLimit(SetLimitRequest.fromPartial({ limit: { key, maxConcurrent: 3 } }));
    const missingLimit = { namespace: "", key: "gone", reason: "" };
    const keys = async () =>
      (await client.listLimits(ListLimitsRequest.create())).limits.map(({ key }) => key);
    assert.deepEqual(await client.deleteLimit(missingLimit), { removed: false });
    await assert.rejects(client.getLimit(missingLimit), codeOf("limit.missing"));
    await set("gone");
    await set("kept");
    await until("the index", async () => (await keys()).length === 2);
    assert.deepEqual(await client.deleteLimit(missingLimit), { removed: true });
    assert.deepEqual(await client.deleteLimit(missingLimit), { removed: false });
    await assert.rejects(client.getLimit(missingLimit), codeOf("limit.missing"));
    assert.deepEqual(await keys(), ["kept"]);
    await set("gone");
    assert.deepEqual((await client.getLimit(missingLimit)).limit?.maxConcurrent, 3);
  });
});
