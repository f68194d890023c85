/** Events of runs, definitions and schedules on the bus, published by a service in a separate process. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { BusEvent } from "@tutti/bus";
import { Verdict } from "@tutti/contracts/types/v1";
import {
  CancelRunRequest,
  CreateScheduleRequest,
  DecideApprovalRequest,
  definitionService,
  PauseRunRequest,
  ResumeRunRequest,
  runService,
  SignalRunRequest,
  StartRunRequest,
  scheduleService,
  TriggerScheduleRequest,
  taskService,
} from "@tutti/contracts/workflow/v1";
import { testContext, until } from "@tutti/kernel/testing";
import { Serving } from "./serving.ts";

const short = "workflow: short\ntasks: {one: {wait: {for: 1ms}}}\n";
const waiting = "workflow: waiting\nsignals: {go: {}}\ntasks: {go: {wait: {signal: go}}}\n";
const asking = `workflow: asking
tasks:
  look: {approve: {by: [local-admin], title: Really?}}
`;
const twice = `workflow: twice
tasks:
  one: {approve: {title: Really?}}
  two: {approve: {title: And this?}}
`;
const brief = `workflow: brief
tasks:
  look: {approve: {title: Really?}, timeout: 50ms}
`;
const long = `workflow: long
tasks:
  first: {wait: {for: 1ms}}
  second: {wait: {for: 1h}, needs: [first]}
`;

describe("events on the bus", () => {
  let serving: Serving;
  const events: BusEvent[] = [];
  const listeners = new Set<() => void>();
  const runs = () => serving.host.mesh.client(runService);
  const start = (name: string, runId: string) =>
    runs().startRun(
      StartRunRequest.fromPartial({
        runId,
        spec: { what: { $case: "definition", value: { name } }, labels: { by: "me" } },
      }),
    );
  // biome-ignore lint/suspicious/noExplicitAny: a test reads any event
  const dataOf = ({ data }: BusEvent): any => JSON.parse(new TextDecoder().decode(data));
  const about = (subject: string) => events.filter((event) => event.subject === subject);
  const typesOf = (subject: string) => about(subject).map(({ type }) => type.replace("tutti.workflow.", ""));
  /** Resolves with the event once it is published. */
  const published = (subject: string, eventType: string): Promise<BusEvent> =>
    new Promise((resolve) => {
      const check = () => {
        const found = about(subject).find(({ type }) => type === `tutti.workflow.${eventType}`);
        if (found === undefined) return;
        listeners.delete(check);
        resolve(found);
      };
      listeners.add(check);
      check();
    });

  before(async () => {
    serving = await Serving.open();
    await serving.host.bus.subscribe({
      pattern: "tutti.workflow.>",
      handle: {
        each(event) {
          events.push(event);
          for (const check of [...listeners]) check();
        },
      },
    });
    for (const text of [short, waiting, asking, twice, brief, long])
      await serving.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", source: { format: 1, text, fileName: "" }, versionLabels: [], keepLatest: false },
      });
  });
  after(() => serving[Symbol.asyncDispose]());

  it("of a run: accepted, started and completed, in order and with its data", async () => {
    await start("short", "r-short");
    const completed = await published("r-short", "run.completed");
    assert.deepEqual(typesOf("r-short"), ["run.accepted", "run.started", "run.completed"]);
    const sequences = about("r-short").map((event) => dataOf(event).header.sequence);
    assert.deepEqual(
      sequences,
      [...sequences].sort((one, other) => one - other),
    );
    const [accepted] = about("r-short");
    assert.equal(accepted?.namespace, "default");
    assert.equal(dataOf(accepted as BusEvent).definition, "short");
    assert.deepEqual(dataOf(accepted as BusEvent).labels, { by: "me" });
    assert.ok(dataOf(completed).durationMs >= 1);
  });

  it("of a run that is paused, resumes, receives a signal and ends", async () => {
    await start("waiting", "r-waiting");
    await runs().pauseRun(PauseRunRequest.fromPartial({ runId: "r-waiting" }));
    await runs().resumeRun(ResumeRunRequest.fromPartial({ runId: "r-waiting" }));
    await runs().signalRun(SignalRunRequest.fromPartial({ runId: "r-waiting", signal: "go" }));
    await published("r-waiting", "run.completed");
    const words = typesOf("r-waiting").filter((word) => word !== "run.progressed");
    assert.deepEqual(words.slice(2), ["run.paused", "run.resumed", "run.signalled", "run.completed"]);
  });

  it("of a run that is cancelled", async () => {
    await start("waiting", "r-cancelled");
    await runs().cancelRun(CancelRunRequest.fromPartial({ runId: "r-cancelled" }));
    await published("r-cancelled", "run.cancelled");
    assert.deepEqual(typesOf("r-cancelled").slice(2), ["run.cancelling", "run.cancelled"]);
  });

  it("of an approval: request, claim, release, delegation and decision, with the data for people", async () => {
    await start("asking", "r-asking");
    const requested = dataOf(await published("r-asking", "approval.requested"));
    assert.deepEqual([requested.title, requested.deciders], ["Really?", ["local-admin"]]);
    assert.equal(requested.about.task, "look");
    const tasks = serving.host.mesh.client(taskService);
    const { approvalId } = requested;
    const verdict = Verdict.VERDICT_APPROVED;
    const which = { namespace: "", runId: "r-asking", approvalId };
    await tasks.claimApproval(which);
    const { person } = dataOf(await published("r-asking", "approval.claimed"));
    await tasks.releaseApproval({ ...which, person, reason: "" });
    assert.equal(dataOf(await published("r-asking", "approval.released")).person, person);
    await tasks.delegateApproval({ ...which, people: ["admin"], reason: "" });
    assert.deepEqual(dataOf(await published("r-asking", "approval.delegated")).people, ["admin"]);
    const context = {
      ...testContext(),
      principal: { kind: "person", id: "boss", roles: ["admin"] },
    } as const;
    const decision = DecideApprovalRequest.fromPartial({ runId: "r-asking", approvalId, verdict });
    await tasks.decideApproval(decision, { context });
    const decided = dataOf(await published("r-asking", "approval.decided"));
    assert.deepEqual([decided.approvalId, decided.verdict], [approvalId, "VERDICT_APPROVED"]);
    await published("r-asking", "run.completed");
  });

  it("of questions that go with their run, or with the time of their task", async () => {
    await start("twice", "r-withdrawn");
    await published("r-withdrawn", "approval.requested");
    await runs().cancelRun(CancelRunRequest.fromPartial({ runId: "r-withdrawn" }));
    await published("r-withdrawn", "run.cancelled");
    const decided = () => about("r-withdrawn").filter(({ type }) => type.endsWith("approval.decided"));
    await until("both to be published", () => decided().length === 2);
    assert.deepEqual(
      decided().map((event) => [dataOf(event).about.task, dataOf(event).verdict]),
      [
        ["one", "VERDICT_WITHDRAWN"],
        ["two", "VERDICT_WITHDRAWN"],
      ],
    );
    await start("brief", "r-brief");
    const late = dataOf(await published("r-brief", "approval.decided"));
    assert.deepEqual([late.about.task, late.verdict], ["look", "VERDICT_WITHDRAWN"]);
  });

  it("of a running run: its progress", async () => {
    await start("long", "r-long");
    const progressed = dataOf(await published("r-long", "run.progressed"));
    assert.deepEqual([progressed.tasksTotal, progressed.tasksCompleted], [2, 1]);
  });

  it("of definitions", async () => {
    const registered = dataOf(await published("short", "definition.registered"));
    const labelled = dataOf(await published("short", "definition.labelled"));
    assert.equal(labelled.label, "latest");
    assert.equal(labelled.hash, registered.hash);
  });

  it("of schedules and the runs that they start", async () => {
    const schedules = serving.host.mesh.client(scheduleService);
    const run = { what: { $case: "definition" as const, value: { name: "short" } } };
    const timing = { rules: [{ rule: { $case: "cron" as const, value: "0 2 1 1 *" } }] };
    const schedule = { scheduleId: "nightly", run, timing } as never;
    await schedules.createSchedule(CreateScheduleRequest.fromPartial({ schedule }));
    const created = dataOf(await published("nightly", "schedule.created"));
    assert.equal(created.starts, "short");
    await schedules.triggerSchedule(TriggerScheduleRequest.fromPartial({ scheduleId: "nightly" }));
    const fired = dataOf(await published("nightly", "schedule.fired"));
    await published(fired.run.id, "run.completed");
  });
});
