/**
 * The services that sessions call, with the machines behind them. Each request is the command or question
 * that its handler makes of it, sent to the partition. Calls are lost and doubled.
 */
import { LockGrant } from "@tutti/contracts/session/v1";
import { type Agent, type Mission, MissionOrder } from "@tutti/contracts/swarm/v1";
import type { WorkStatus } from "@tutti/contracts/types/v1";
import { DefinitionKind, ParentClosePolicy, RunOrder, type RunSpec } from "@tutti/contracts/workflow/v1";
import { checkDocument, documentOfTasks } from "@tutti/definitions";
import { type InstanceKey, isEnded, isTuttiError, sleep, type Timers, toTimestamp } from "@tutti/kernel";
import { experienceUpdate } from "@tutti/machine-entities/experience";
import { acquire, lockErrors, release, renew } from "@tutti/machine-lock";
import * as missions from "@tutti/machine-mission";
import * as runs from "@tutti/machine-run";
import { sessionErrors, showSession } from "@tutti/machine-session";
import { type Runtime, runtimeErrors } from "@tutti/runtime";
import type { SessionClients } from "@tutti/sessions";
import type { PlainRuntime } from "../counted/plain-runtime.ts";
import type { ProcessOfDoer } from "../load/load.ts";

export interface ServicesParts extends Pick<ProcessOfDoer, "calls"> {
  readonly timers: Timers;
  /** Returns the runtime in the form for services. */
  readonly plain: (runtime: Runtime) => PlainRuntime;
  /** Returns the agents of the pool, as its owner lists them. Undefined without an owner. */
  readonly agents: () => readonly Agent[] | undefined;
}

/** Pause between two polls of the waits of another process. */
const pollMs = 300;
const eventPollMs = 60;
const leavingPool = { service: "swarm", partition: 0 };

type Signalled = { readonly signal?: AbortSignal | undefined } | undefined;

/** A call to an instance of one kind, executed at its partition. */
type CallTo = <Answer>(
  id: string,
  label: string,
  options: Signalled,
  serve: (runtime: PlainRuntime, key: InstanceKey) => Promise<Answer>,
) => Promise<Answer>;

function callsTo(kind: string, { calls, plain }: ServicesParts): CallTo {
  return async (id, label, options, serve) => {
    const key = { namespace: "default", kind, id };
    const named = `${label} of ${id}`;
    const answer = await calls.to(key, named, (runtime) => serve(plain(runtime), key), options?.signal);
    return structuredClone(answer);
  };
}

export function servicesOf(parts: ServicesParts): SessionClients {
  const clients = {
    runs: runsOf(parts),
    tasks: tasksOf(parts),
    missions: missionsOf(parts),
    board: boardOf(parts),
    agents: agentsOf(parts),
    estimates: estimatesOf(parts),
    sessions: sessionsOf(parts),
    locks: locksOf(parts),
  };
  return clients as unknown as SessionClients;
}

/**
 * Waits until there is news for the caller, or the instance has ended. Waiting calls poll, so that the called
 * process may die.
 */
async function awaitEvents(
  timers: Timers,
  { waitMs, afterEvent }: Any,
  options: Signalled,
  read: () => Promise<WorkView>,
): Promise<WorkView> {
  for (let remainingMs = waitMs; ; remainingMs -= eventPollMs) {
    const view = await read();
    const isEnough = isEnded(view.status) || (afterEvent > 0 && view.eventCount > afterEvent);
    if (isEnough || remainingMs <= 0) return view;
    await sleep(timers, eventPollMs, options?.signal);
  }
}

function runsOf(parts: ServicesParts) {
  const run = callsTo("run", parts);
  const getRun = ({ runId }: Any, options: Signalled) =>
    run(runId, "get_run", options, (runtime, key) =>
      orMissing(runView(runtime, key), () => runs.runErrors.runMissing({ id: runId })),
    );
  return {
    startRun: ({ runId, spec, parent }: Any, options: Signalled) =>
      run(runId, "start_run", options, async (runtime, key) => {
        const order = runOrderOf(spec, parent);
        const { existed } = await runtime.execute({ key, command: runs.beginRun, body: { order } });
        return { run: await runView(runtime, key), existed };
      }),
    getRun: async (request: Any, options: Signalled) => ({ run: await getRun(request, options) }),
    awaitRun: async (request: Any, options: Signalled) => ({
      run: await awaitEvents(parts.timers, request, options, () => getRun(request, options)),
    }),
    pauseRun: ({ runId, reason, idempotencyKey }: Any, options: Signalled) =>
      run(runId, "pause_run", options, (runtime, key) =>
        runtime.execute({ key, command: runs.pauseRun, body: { reason }, idempotencyKey }),
      ),
    resumeRun: ({ runId, reason, taskIds, idempotencyKey }: Any, options: Signalled) =>
      run(runId, "resume_run", options, (runtime, key) =>
        runtime.execute({ key, command: runs.resumeRun, body: { reason, taskIds }, idempotencyKey }),
      ),
    signalRun: ({ runId, signal, payload, idempotencyKey }: Any, options: Signalled) =>
      run(runId, "signal_run", options, (runtime, key) =>
        runtime.execute({ key, command: runs.signalRun, body: { signal, payload }, idempotencyKey }),
      ),
  };
}

function tasksOf(parts: ServicesParts) {
  const run = callsTo("run", parts);
  return {
    listTasks: ({ runId, withPayloads, page }: Any, options: Signalled) =>
      run(runId, "list_tasks", options, async (runtime, key) => {
        const filter = { statuses: [], parentTaskId: "", topOnly: false, text: "", withPayloads };
        const body = { ...filter, from: Number(page?.token || 0), size: page?.size ?? 100 };
        const { tasks, next } = (await runtime.query({
          key,
          query: runs.showTasks,
          body,
        })) as runs.TasksPage;
        return { tasks, page: { nextToken: next < 0 ? "" : String(next) } };
      }),
    addTasks: ({ runId, tasks: specs, parentTaskId, reason, idempotencyKey }: Any, options: Signalled) =>
      run(runId, "add_tasks", options, async (runtime, key) => {
        const { tasks } = documentOfTasks("tasks", { tasks: specs, output: "", input: undefined });
        const addition = { key, query: runs.checkAdded, body: { tasks: tasks ?? {} } };
        const { checked } = (await runtime.query(addition)) as runs.AdditionReview;
        const body = { plan: planOf(checked), parentTaskId, reason };
        return runtime.execute({ key, command: runs.addTasks, body, idempotencyKey });
      }),
    withdrawTasks: ({ runId, taskIds, reason }: Any, options: Signalled) =>
      run(runId, "withdraw_tasks", options, (runtime, key) =>
        runtime.execute({ key, command: runs.withdrawTasks, body: { taskIds, reason } }),
      ),
    bringInOutcomes: ({ runId, outcomes }: Any, options: Signalled) =>
      run(runId, "bring_in", options, (runtime, key) =>
        runtime.execute({ key, command: runs.bringInOutcomes, body: { outcomes } }),
      ),
    repairTask: ({ runId, taskId, repair, reason, idempotencyKey }: Any, options: Signalled) =>
      run(runId, "repair_task", options, (runtime, key) =>
        runtime.execute({ key, command: runs.repairTask, body: { taskId, repair, reason }, idempotencyKey }),
      ),
  };
}

function missionsOf(parts: ServicesParts) {
  const mission = callsTo("mission", parts);
  const getMission = ({ missionId }: Any, options: Signalled) =>
    mission(missionId, "get_mission", options, (runtime, key) =>
      orMissing(missionView(runtime, key), () => missions.missionErrors.missionMissing({ id: missionId })),
    );
  return {
    startMission: ({ missionId, what, parent }: Any, options: Signalled) =>
      mission(missionId, "start_mission", options, async (runtime, key) => {
        const order = MissionOrder.fromPartial({ requestHash: Uint8Array.of(1), idChosen: true });
        Object.assign(order, { spec: what.value, parent, root: parent });
        const { existed } = await runtime.execute({ key, command: missions.beginMission, body: { order } });
        return { mission: await missionView(runtime, key), existed };
      }),
    getMission: async (request: Any, options: Signalled) => ({ mission: await getMission(request, options) }),
    awaitMission: async (request: Any, options: Signalled) => ({
      mission: await awaitEvents(parts.timers, request, options, () => getMission(request, options)),
    }),
    pauseMission: ({ missionId, reason, idempotencyKey }: Any, options: Signalled) =>
      mission(missionId, "pause_mission", options, (runtime, key) =>
        runtime.execute({ key, command: missions.pauseMission, body: { reason }, idempotencyKey }),
      ),
    resumeMission: ({ missionId, reason, idempotencyKey }: Any, options: Signalled) =>
      mission(missionId, "resume_mission", options, (runtime, key) =>
        runtime.execute({ key, command: missions.resumeMission, body: { reason }, idempotencyKey }),
      ),
    signalMission: ({ missionId, signal, payload, idempotencyKey }: Any, options: Signalled) =>
      mission(missionId, "signal_mission", options, (runtime, key) =>
        runtime.execute({ key, command: missions.signalMission, body: { signal, payload }, idempotencyKey }),
      ),
  };
}

function boardOf(parts: ServicesParts) {
  const mission = callsTo("mission", parts);
  return {
    listTasks: ({ missionId, page }: Any, options: Signalled) =>
      mission(missionId, "list_tasks", options, async (runtime, key) => {
        const filter = { statuses: [], claimedBy: "", parentTaskId: "", text: "" };
        const body = { ...filter, from: Number(page?.token || 0), size: page?.size ?? 100 };
        const { tasks, next } = await runtime.query({ key, query: missions.showBoardTasks, body });
        return { tasks, page: { nextToken: next < 0 ? "" : String(next) } };
      }),
    addTasks: (request: Any, options: Signalled) =>
      mission(request.missionId, "add_tasks", options, (runtime, key) =>
        runtime.execute({
          key,
          command: missions.addTasks,
          body: within(request),
          idempotencyKey: request.idempotencyKey,
        }),
      ),
    withdrawTasks: (request: Any, options: Signalled) =>
      mission(request.missionId, "withdraw_tasks", options, (runtime, key) =>
        runtime.execute({ key, command: missions.withdrawTasks, body: within(request) }),
      ),
    bringInOutcomes: (request: Any, options: Signalled) =>
      mission(request.missionId, "bring_in", options, (runtime, key) =>
        runtime.execute({ key, command: missions.bringInOutcomes, body: within(request) }),
      ),
    putEntries: (request: Any, options: Signalled) =>
      mission(request.missionId, "put_entries", options, (runtime, key) =>
        runtime.execute({
          key,
          command: missions.putEntries,
          body: within(request),
          idempotencyKey: request.idempotencyKey,
        }),
      ),
  };
}

function agentsOf(parts: ServicesParts) {
  return {
    async listAgents(_: unknown, options: Signalled) {
      await sleep(parts.timers, 1, options?.signal);
      const listed = parts.agents();
      if (listed === undefined) throw runtimeErrors.leaving(leavingPool);
      return { agents: [...listed], page: { nextToken: "" } };
    },
  };
}

function estimatesOf(parts: ServicesParts) {
  const experience = callsTo("experience", parts);
  return {
    readExperience: ({ namespace, count, choiceCount, forgottenCount }: Any, options: Signalled) =>
      experience(namespace, "read_experience", options, async (runtime, key) => {
        const body = { count, choiceCount, forgottenCount };
        const read = await runtime.query({ key, query: experienceUpdate, body });
        const { isReset: restarted, ...more } = read;
        return { ...more, restarted };
      }),
  };
}

function sessionsOf(parts: ServicesParts) {
  const session = callsTo("session", parts);
  return {
    /** A waiting call polls, so that the called process may die meanwhile. */
    async awaitSession({ sessionId, waitMs }: Any, options: Signalled) {
      for (let remainingMs = waitMs; ; remainingMs -= pollMs) {
        const view = await session(sessionId, "await_session", options, (runtime, key) =>
          orMissing(runtime.query({ key, query: showSession, body: { whole: false } }), () =>
            sessionErrors.missing({ id: sessionId }),
          ),
        );
        if (isEnded(view.status) || remainingMs <= 0) return { session: view };
        await sleep(parts.timers, pollMs, options?.signal);
      }
    },
  };
}

function locksOf(parts: ServicesParts) {
  const lock = callsTo("lock", parts);
  return {
    async acquireLock(request: Any, options: Signalled) {
      for (let remainingMs = request.waitMs; ; remainingMs -= pollMs) {
        const body = { ...request, waitMs: Math.max(0, remainingMs) };
        const { hold } = await lock(request.name, "acquire", options, (runtime, key) =>
          runtime.execute({ key, command: acquire, body }),
        );
        if (hold !== undefined) return { grant: LockGrant.fromPartial({ token: hold.token }) };
        if (remainingMs <= 0)
          throw lockErrors.held({ name: request.name, waitMs: request.waitMs, holders: "" });
        await sleep(parts.timers, pollMs, options?.signal);
      }
    },
    async renewLocks({ renewals }: Any) {
      const receipts = renewals.map(({ name, holder, token, leaseMs }: Any) =>
        lock(name, "renew", undefined, async (runtime, key) => {
          const { dueMs } = await runtime.execute({ key, command: renew, body: { holder, token, leaseMs } });
          return { name, expireTime: dueMs === 0 ? undefined : toTimestamp(dueMs) };
        }),
      );
      return { receipts: await Promise.all(receipts) };
    },
    releaseLock: ({ name, holder, token }: Any) =>
      lock(name, "release", undefined, (runtime, key) =>
        runtime.execute({ key, command: release, body: { holder, token } }),
      ),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: requests of several services, each taken apart where it is served
type Any = any;

/** Returns the request for the mission: without its own id. */
function within(request: Any): Any {
  return { ...request, namespace: "", missionId: "" };
}

interface WorkView {
  readonly status: WorkStatus;
  readonly eventCount: number;
}

async function runView(runtime: PlainRuntime, key: InstanceKey): Promise<WorkView> {
  const eventCount = await runtime.eventsOf(key);
  const view = await runtime.query({ key, query: runs.showRun, body: { withPayloads: true } });
  return { ...(view as Pick<WorkView, "status">), eventCount };
}

async function missionView(runtime: PlainRuntime, key: InstanceKey): Promise<WorkView> {
  const eventCount = await runtime.eventsOf(key);
  const view = (await runtime.query({ key, query: missions.showMission, body: { whole: true } })) as Mission;
  return { ...view, eventCount };
}

async function orMissing<Answer>(addition: Promise<Answer>, missing: () => Error): Promise<Answer> {
  try {
    return await addition;
  } catch (error) {
    throw isTuttiError(error) && runtimeErrors.unknownInstance.is(error) ? missing() : error;
  }
}

const noBytes = new Uint8Array(0);

/** Returns the order for tasks that were written for one run alone. */
function runOrderOf(spec: RunSpec, parent: Any): RunOrder {
  const list = spec.what?.$case === "tasks" ? spec.what.value : { tasks: [], output: "", input: undefined };
  const { input } = list;
  const order = RunOrder.fromPartial({
    // Questions set their own retention: with jumping clocks they would be gone before they were read.
    priority: spec.priority,
    pool: spec.pool,
    retentionMs: 0,
    incarnation: 1,
    parentClose: ParentClosePolicy.PARENT_CLOSE_POLICY_CANCEL,
    idChosen: true,
    kind: DefinitionKind.DEFINITION_KIND_TASKS,
    requestHash: Uint8Array.of(1),
    input: input?.body?.$case === "inline" ? input.body.value : noBytes,
  });
  const plan = planOf(checkDocument(documentOfTasks("tasks", list)));
  return { ...order, plan, labels: spec.labels, budget: spec.budget, parent, root: parent };
}

function planOf({ definition, problems }: ReturnType<typeof checkDocument>): Uint8Array {
  const plan = definition?.plan;
  if (plan !== undefined) return Buffer.from(JSON.stringify(plan));
  throw runs.runErrors.additionInvalid({ task: "the run", problem: JSON.stringify(problems) });
}
