import { AgentKind } from "@tutti/contracts/agent/v1";
import { Offer, type OfferProfile } from "@tutti/contracts/swarm/v1";
import {
  type Candidate,
  Explanation,
  Remedy,
  WaitCause,
  type WorkReference,
} from "@tutti/contracts/types/v1";
import { counted, durationText, type Refusal, sentences, toTimestamp } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";
import type { PoolIdentity } from "../api/pool.ts";
import { namedMax } from "../bounds.ts";
import { matchingErrors } from "../errors.ts";
import type { HookSlot } from "../hooks/task-hooks.ts";
import { type Profiles, profileProblem } from "../offers/profile.ts";
import type { Placements } from "../placed/placements.ts";
import type { LiveSettings } from "../settings.ts";
import { Task, type TaskPool } from "../task/task.ts";
import { momentOf, type StartEstimates } from "./expected.ts";
import { pastWaits, presentWait } from "./past-waits.ts";
import { candidatesAt, choiceText, placementOf } from "./placed.ts";
import type { Reason } from "./reason.ts";
import { obstacleOf, type WaitReasons } from "./waits.ts";
import { finderOf, workOf } from "./work.ts";

/** A task that runs longer may hang. */
const longMs = 10_000;

/** The parts that Explanations needs. */
export interface ExplanationsParts {
  readonly placements: Placements;
  readonly settings: LiveSettings;
  readonly reasons: WaitReasons;
  readonly estimates: StartEstimates;
  readonly hooks: HookSlot;
  readonly profiles: Profiles;
  readonly identity: PoolIdentity;
  readonly taskPool: TaskPool;
}

export class Explanations {
  readonly #placements: Placements;
  readonly #settings: LiveSettings;
  readonly #reasons: WaitReasons;
  readonly #estimates: StartEstimates;
  readonly #hooks: HookSlot;
  readonly #profiles: Profiles;
  readonly #identity: PoolIdentity;
  readonly #taskPool: TaskPool;

  constructor(parts: ExplanationsParts) {
    this.#placements = parts.placements;
    this.#settings = parts.settings;
    this.#reasons = parts.reasons;
    this.#estimates = parts.estimates;
    this.#hooks = parts.hooks;
    this.#profiles = parts.profiles;
    this.#identity = parts.identity;
    this.#taskPool = parts.taskPool;
  }

  /** Explains the state of a task. */
  explainTask(task: Task, nowMs: number): Explanation {
    const { stage, agent } = task;
    const about = workOf(task);
    const parts = hookParts(task);
    if (stage === "working" && agent !== undefined) {
      const forMs = nowMs - task.assignedMs;
      const since = durationText(forMs);
      if (agent.identity.kind === AgentKind.AGENT_KIND_PERSON)
        return Explanation.fromPartial({
          about,
          summary: `It has been in the inbox \`${agent.agentId}\` for ${since} and waits for a person to answer.`,
          remedies: [{ text: "Answer it.", command: `tutti approve ${about.id} ${about.task}`.trimEnd() }],
          waits: pastWaits(task, task.assignedMs),
          parts,
        });
      const summary = `It was given to ${agent.agentId} ${since} ago, and ${
        task.startedMs === 0 ? "has not reported its start" : "is running"
      }.${reportOf(task)}${silenceOf(agent, nowMs)}`;
      const placement = placementOf(this.#placements, task, nowMs);
      return Explanation.fromPartial({
        about,
        summary: placement === undefined ? summary : `${summary} ${choiceText(placement)}`,
        candidates:
          placement === undefined
            ? this.#candidatesOf(task)
            : candidatesAt(this.#settings.current.strategy, placement),
        waits: pastWaits(task, task.assignedMs),
        remedies: remediesOf(task, agent, forMs),
        parts,
      });
    }
    if (stage === "ended" || stage === "forgotten") return explainEnded(task, nowMs);
    const isOutsideQueue = stage === "hooked" || stage === "ganged";
    const missing = isOutsideQueue ? undefined : this.#reasons.missing(task, nowMs);
    // A pause also holds a task back, once a worker offers the capability.
    const reasons =
      missing === undefined ? this.#reasons.of(task, nowMs) : [missing, ...this.#reasons.pauses()];
    const [first] = reasons;
    const present = new Set(reasons.map(({ cause }) => cause));
    return Explanation.fromPartial({
      about,
      summary:
        first === undefined ? "It is given out at the next turn." : sentences(`It waits: ${first.message}`),
      waits: [...reasons.map((reason) => waitOf(reason, task, nowMs)), ...pastWaits(task, nowMs, present)],
      candidates: this.#candidatesOf(task),
      remedies: reasons.map(({ remedy, command = "" }) => ({ text: remedy, command })),
      expectedStartTime: momentOf(missing === undefined ? this.#estimates.startMs(task, nowMs) : undefined),
      parts,
    });
  }

  /** Returns a task that a hook denied, if it is remembered. */
  explainDenied(work: WorkReference): Explanation | undefined {
    const isMatch = finderOf(work);
    const denied = this.#hooks.current?.denied.findLast(({ task }) => isMatch(task));
    if (denied === undefined) return undefined;
    const { task, error, atMs } = denied;
    const { hook: subject = "" } = error.details;
    const failure = {
      task: work.task,
      attempt: task.attempt,
      agentId: "",
      failTime: toTimestamp(atMs),
      error,
    };
    return Explanation.fromPartial({
      about: work,
      summary: sentences(`It was denied by the hook ${subject}: ${error.message}`),
      failures: [failure],
      remedies: [{ text: `change the conditions of the hook ${subject}, or disable it`, command: "" }],
      parts: hookParts(task),
    });
  }

  /** Explains a task that the pool does not know while its queue is full: its sender offers it again. */
  explainFullQueue(work: WorkReference, queued: number): Explanation | undefined {
    const { queuedMax } = this.#settings.current;
    const { name } = this.#identity;
    if (queued < queuedMax) return undefined;
    const message = `the queue of the pool ${name} is full: it allows ${counted(queuedMax, "task")}`;
    return Explanation.fromPartial({
      about: work,
      summary: sentences(`It waits: ${message}`),
      waits: [{ cause: WaitCause.WAIT_CAUSE_LIMIT, message, subject: name, present: true }],
      remedies: [
        {
          text: `start workers in the pool ${name} for its queued tasks, or raise the limit`,
          command: `tutti pool update ${name} --max-queued ${queuedMax * 2}`,
        },
      ],
    });
  }

  /** Explains why a task that is in no queue would wait if it were offered now. */
  explainProfile(sent: OfferProfile, nowMs: number): Explanation | Refusal {
    const problem = profileProblem(sent);
    if (problem !== undefined) return matchingErrors.profileInvalid.refusal({ number: sent.number, problem });
    const profile = this.#profiles.acquire(sent, this.#identity.namespace);
    try {
      const task = new Task(this.#taskPool, Offer.create(), profile, nowMs);
      return this.explainTask(task, nowMs);
    } finally {
      this.#profiles.release(profile);
    }
  }

  /** Returns the agents that offer its capability, in their order. */
  #candidatesOf(task: Task): Candidate[] {
    const { strategy } = this.#settings.current;
    const agents = task.demand.matches.flatMap(({ cohort, preference }) =>
      [...cohort.agents].map((agent) => ({ agent, preference, rank: strategy.rank(agent) })),
    );
    return agents
      .sort((one, other) => other.preference - one.preference || one.rank - other.rank)
      .slice(0, namedMax)
      .map(({ agent, preference, rank }) => {
        const chosen = task.agent === agent;
        const reason = chosen ? "" : obstacleOf(agent, task);
        return {
          kind: "agent",
          id: agent.agentId,
          chosen,
          eligible: chosen || reason === "",
          score: preference - rank,
          parts: { preference, [strategy.name]: -rank },
          reason,
        };
      });
  }
}

/** The last heartbeat of a worker whose link is cut or silent. Empty for any other worker. */
/** Returns the remedy for an attempt without a time limit. Only its worker knows whether it hangs. */
function remediesOf({ runMs, totalDueMs }: Task, { agentId }: Agent, forMs: number): Remedy[] {
  if (forMs < longMs || runMs > 0 || Number.isFinite(totalDueMs)) return [];
  const text = `If it hangs: its attempts have no time limit. See the log of ${agentId}. If you end that worker, another worker gets the task. Set \`timeout\` in the workflow, so that an attempt that hangs ends.`;
  return [Remedy.fromPartial({ text })];
}

function reportOf({ message }: Task): string {
  return message === "" ? "" : ` ${sentences(`Its worker reported: ${message}`)}`;
}

function silenceOf({ isDisconnected, silent, lastSeenMs, reconnectDueMs }: Agent, nowMs: number): string {
  if (!isDisconnected && !silent) return "";
  const lastContact = `Its last heartbeat was ${secondsOf(nowMs - lastSeenMs)} ago`;
  if (!isDisconnected) return ` ${lastContact}.`;
  return ` Its link is cut. ${lastContact}. If it does not return within ${secondsOf(reconnectDueMs - nowMs)}, the task goes to another worker.`;
}

function secondsOf(ms: number): string {
  return durationText(Math.max(1, Math.round(ms / 1_000)) * 1_000);
}

function explainEnded(task: Task, nowMs: number): Explanation {
  const about = workOf(task);
  const { judging } = task;
  const parts = hookParts(task);
  if (judging?.isHeld !== true || judging.heldBy === "")
    return Explanation.fromPartial({ about, summary: "It has ended. Its result is not durable yet.", parts });
  const { heldBy, heldSinceMs, reason, dueMs } = judging;
  const message = `the hook ${heldBy} holds its result: ${reason}`;
  const wait = {
    cause: WaitCause.WAIT_CAUSE_HOOK,
    message,
    subject: heldBy,
    holders: [],
    present: true,
    startTime: toTimestamp(heldSinceMs),
    endTime: toTimestamp(dueMs),
    waitedMs: nowMs - heldSinceMs,
  };
  return Explanation.fromPartial({
    about,
    summary: sentences(`It has ended, and ${message}`),
    waits: [wait],
    parts,
  });
}

/** Returns the actions of the hooks, in their order. */
function hookParts(task: Task): Partial<Explanation>[] {
  return (task.judging?.notes ?? []).map(({ hookId, text }) => ({
    about: workOf(task),
    summary: `The hook ${hookId}: ${text}.`,
    waits: [],
  }));
}

function waitOf({ cause, message, subject, holders, sinceMs, endMs }: Reason, task: Task, nowMs: number) {
  const known = sinceMs === undefined ? presentWait(task, cause, nowMs) : undefined;
  const fromMs = sinceMs ?? known?.sinceMs ?? task.readyMs;
  return {
    cause,
    message,
    subject,
    holders: [...holders],
    present: true,
    startTime: toTimestamp(fromMs),
    endTime: endMs === undefined ? undefined : toTimestamp(endMs),
    waitedMs: known?.waitedMs ?? nowMs - fromMs,
  };
}
