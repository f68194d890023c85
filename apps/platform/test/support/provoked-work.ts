/** Provokes the events of work: states of agents, sessions and missions until their ends, locks, alerts, moved runs. */
import { latch, until } from "@tutti/kernel/testing";
import { TaskFailure, Worker } from "@tutti/sdk";

type Reply = Readonly<Record<string, unknown>>;
export type Done = (method: string, path: string, body?: unknown) => Promise<Reply>;

const reasonBody = { reason: "test" };

/** The events that `provokeWork` causes, without those of the event bus itself. */
export const workEvents = [
  ...["starting", "ready", "busy", "offer_changed", "held", "released", "asleep", "draining", "gone"].map(
    (type) => `swarm.agent.${type}`,
  ),
  ...["completed", "failed", "progressed", "stalled"].map((type) => `swarm.mission.${type}`),
  ...["message.sent", "vote.opened", "vote.closed", "task.handed_off", "leader.elected"].map(
    (type) => `swarm.${type}`,
  ),
  ...["budget.exhausted", "approval.requested", "approval.decided"].map((type) => `swarm.${type}`),
  ...[
    "planned",
    "rebalanced",
    "mode_chosen",
    "progressed",
    "signalled",
    "completed",
    "failed",
    "terminated",
  ].map((type) => `session.session.${type}`),
  ...["lock.expired", "deadlock.resolved"].map((type) => `session.${type}`),
  ...["raised", "acknowledged", "resolved"].map((type) => `insight.alert.${type}`),
  ...["run.continued", "run.moved", "approval.delegated", "schedule.skipped", "trigger.failed"].map(
    (type) => `workflow.${type}`,
  ),
].map((type) => `tutti.${type}`);

/** @param address address of the gRPC port */
export async function provokeWork(done: Done, address: string): Promise<void> {
  await provokeRuns(done);
  await provokeLocks(done);
  await provokeAlerts(done);
  await provokeMission(done);
  await provokeAgent(done, address);
}

const isOver = (status: unknown): boolean => /completed|failed|terminated/.test(String(status));

/** A worker with one slot, through all of its states. */
async function provokeAgent(done: Done, address: string): Promise<void> {
  const proceed = latch();
  const worker = new Worker({ address, agentId: "hand", slots: 1 });
  worker.handle("stage.play", () => "played");
  worker.handle("stage.wait", () => proceed.opened);
  worker.handle("stage.fail", () => {
    throw new TaskFailure("stage.failed", "no", { final: true });
  });
  await worker.start();
  try {
    await provokeStates(done, worker, () => proceed.open());
  } finally {
    proceed.open();
    await worker.stop();
  }
}

async function provokeStates(done: Done, worker: Worker, open: () => void): Promise<void> {
  const work = async (path: string, id: string, body: Reply) => {
    await done("POST", `/v1/${path}`, body);
    await until(`${id} to end`, async () => isOver((await done("GET", `/v1/${path}/${id}`))["status"]));
  };
  const tasks = (capability: string) => ({ tasks: [{ id: "a", capability }] });
  await work("sessions", "plays", { sessionId: "plays", tasks: tasks("stage.play") });
  await work("sessions", "fails", { sessionId: "fails", mode: "workflow", tasks: tasks("stage.fail") });
  await work("missions", "plays", { missionId: "plays", spec: tasks("stage.play") });
  await work("missions", "fails", { missionId: "fails", spec: tasks("stage.fail") });
  await done("POST", "/v1/sessions", { sessionId: "waits", mode: "workflow", tasks: tasks("stage.wait") });
  const isIn = (state: string) =>
    until(`the agent to be ${state}`, async () => {
      const agent = await done("GET", "/v1/agents/hand");
      return JSON.stringify(agent).includes(`"${state}"`);
    });
  await isIn("busy");
  const two = { tasks: ["a", "b"].map((id) => ({ id, capability: "stage.wait" })) };
  await done("POST", "/v1/sessions", { sessionId: "plans", mode: "intelligence", tasks: two });
  await done("POST", "/v1/sessions/plans/tasks/move", { taskIds: ["b"], mode: "swarm", ...reasonBody });
  await done("POST", "/v1/sessions/waits/signals/go", {});
  for (const id of ["waits", "plans"]) await done("POST", `/v1/sessions/${id}/terminate`, reasonBody);
  open();
  await isIn("ready");
  worker.handle("stage.more", () => "more");
  await done("POST", "/v1/agents/hand/pause", reasonBody);
  await done("POST", "/v1/agents/hand/resume", reasonBody);
  await done("POST", "/v1/agents/hand/sleep", { forMs: 600_000, ...reasonBody });
  await isIn("asleep");
  await done("POST", "/v1/agents/hand/wake", reasonBody);
  await isIn("ready");
  // The worker does not end. Its progress is published while it waits.
  await done("POST", "/v1/agents/hand/pause", reasonBody);
  await done("POST", "/v1/sessions", { sessionId: "stays", mode: "workflow", tasks: tasks("stage.play") });
}

/** A mission of two simulated agents: a leader, messages, a vote, a handoff, an exhausted budget. */
async function provokeMission(done: Done): Promise<void> {
  const spec = {
    ...{ assignment: "claimed", leadership: { enabled: true }, stuckAfterMs: 1_000 },
    budget: { amounts: { tokens: 10 } },
    tasks: [{ id: "a", capability: "stage.none" }],
  };
  await done("POST", "/v1/missions", { missionId: "band", spec });
  const at = "/v1/missions/band";
  const offering = { capabilities: [{ name: "stage.none", version: "1.0.0" }] };
  for (const agent of ["ann", "bob"]) await done("PUT", `${at}/participants/${agent}`, { offering });
  const { tasks } = (await done("POST", `${at}/tasks/claim`, { agentId: "ann" })) as {
    readonly tasks: readonly { readonly claim?: { readonly claimId: string } }[];
  };
  const claimId = tasks[0]?.claim?.claimId ?? "";
  await done("POST", `${at}/tasks/hand-off`, { agentId: "ann", claimId, toAgentId: "bob", ...reasonBody });
  await done("POST", `${at}/messages`, {
    agentId: "ann",
    messages: [{ to: { agentId: "bob" }, body: "soft, please" }],
  });
  const options = [{ option: "red" }, { option: "blue" }];
  await done("POST", `${at}/votes`, { vote: { voteId: "which", question: "Which?", options } });
  await done("POST", `${at}/votes/which/close`, reasonBody);
  await done("POST", `${at}/budget`, { agentId: "ann", amounts: { tokens: 60 } }).catch(() => {});
  const { approvals } = (await done("GET", "/v1/mission-approvals")) as {
    readonly approvals: readonly { readonly approvalId: string; readonly about: { readonly id: string } }[];
  };
  const approval = approvals.find(({ about }) => about.id === "band");
  await done("POST", `${at}/approvals/${approval?.approvalId}`, {
    verdict: "approved",
    data: { tokens: 100 },
  });
}

/** A lock whose lease expires, and two runs that wait for each other. */
async function provokeLocks(done: Done): Promise<void> {
  await done("POST", "/v1/locks/gate/acquire", { holder: "test", leaseMs: 1_000 });
  const of = (id: string) => ({ holder: id, work: { kind: "run", id }, leaseMs: 60_000 });
  await done("POST", "/v1/locks/left/acquire", of("one"));
  await done("POST", "/v1/locks/right/acquire", of("two"));
  await Promise.all([
    done("POST", "/v1/locks/right/acquire", { ...of("one"), waitMs: 5_000 }).catch(() => {}),
    done("POST", "/v1/locks/left/acquire", { ...of("two"), waitMs: 5_000 }).catch(() => {}),
  ]);
}

async function provokeAlerts(done: Done): Promise<void> {
  await done("PUT", "/v1/alert-rules/Down", { title: "Down", severity: "error", external: true });
  const report = (more: Reply) =>
    done("POST", "/v1/alerts", { alerts: [{ labels: { alertname: "Down" }, ...more }] });
  await report({});
  const { alerts } = (await done("GET", "/v1/alerts?ruleId=Down")) as {
    readonly alerts: readonly { readonly alertId: string }[];
  };
  await done("POST", `/v1/alerts/${alerts[0]?.alertId}/acknowledge`, reasonBody);
  await report({ endTime: "2020-01-01T00:00:00Z", startTime: "2019-01-01T00:00:00Z" });
}

async function provokeRuns(done: Done): Promise<void> {
  const register = (text: string) => done("POST", "/v1/workflows", { text });
  const start = (runId: string, name: string, input?: unknown) =>
    done("POST", "/v1/runs", { runId, definition: { name }, input });
  await register(
    'workflow: again\ntasks: {a: {set: 1}}\ncontinueAsNew: {when: "input.n < 1", with: {n: "${{ input.n + 1 }}"}}',
  );
  await start("again-1", "again", { n: 0 });
  await register("workflow: moves\ntasks: {sure: {approve: {title: Sure}}}");
  await start("moves-1", "moves");
  const { approvals } = (await done("GET", "/v1/approvals?workId=moves-1")) as {
    readonly approvals: readonly { readonly approvalId: string }[];
  };
  const { approvalId } = approvals[0] ?? {};
  await done("POST", `/v1/approvals/${approvalId}/delegate`, { runId: "moves-1", people: ["bob"] });
  await register("workflow: moves\ntasks: {sure: {approve: {title: Sure}}, then: {set: 1, needs: [sure]}}");
  await done("POST", "/v1/runs/moves-1/move", { version: "latest", ...reasonBody });
  const run = { definition: { name: "moves" } };
  const timing = { rules: [{ cron: "0 8 * * *" }] };
  await done("POST", "/v1/schedules", {
    scheduleId: "one-at-once",
    timing,
    run,
    policy: { overlap: "skip" },
  });
  for (let fired = 0; fired < 2; fired++) await done("POST", "/v1/schedules/one-at-once/trigger", reasonBody);
  const source = { event: { type: "shop.sold" } };
  await done("POST", "/v1/triggers", { triggerId: "sold", source, run, key: "event.data.id / 0" });
  const event = { specversion: "1.0", id: "1", source: "/shop", type: "shop.sold", data: { id: 1 } };
  await done("POST", "/v1/events", { events: [event] });
}
