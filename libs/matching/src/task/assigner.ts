/** Assigns tasks to agents. */
import type { Assign } from "@tutti/contracts/agent/v1";
import type { Agent } from "../agents/agent.ts";
import type { Readiness } from "../agents/readiness.ts";
import type { PoolIdentity, PoolOptions } from "../api/pool.ts";
import type { CohortMatch } from "../demand/matches.ts";
import type { HookSlot } from "../hooks/task-hooks.ts";
import type { Affinity } from "../match/affinity.ts";
import type { Placements } from "../placed/placements.ts";
import { partyOf } from "../queue/share.ts";
import type { LiveSettings } from "../settings.ts";
import type { Copies } from "./copies.ts";
import type { Running } from "./running.ts";
import type { Task } from "./task.ts";
import { viewOf } from "./view.ts";
import type { Waiting } from "./waiting.ts";

/** The parts that Assigner needs. */
export interface AssignerParts {
  readonly settings: LiveSettings;
  readonly placements: Placements;
  readonly waiting: Waiting;
  readonly running: Running;
  readonly readiness: Readiness;
  readonly affinity: Affinity;
  readonly copies: Copies;
  readonly hooks: HookSlot;
  readonly identity: PoolIdentity;
  readonly onAssigned: PoolOptions["onAssigned"];
}

export class Assigner {
  readonly #settings: LiveSettings;
  readonly #placements: Placements;
  readonly #waiting: Waiting;
  readonly #running: Running;
  readonly #readiness: Readiness;
  readonly #affinity: Affinity;
  readonly #copies: Copies;
  readonly #hooks: HookSlot;
  readonly #identity: PoolIdentity;
  readonly #onAssigned: PoolOptions["onAssigned"];
  /** Assignments so far. */
  #assigned = 0;

  constructor(parts: AssignerParts) {
    this.#settings = parts.settings;
    this.#placements = parts.placements;
    this.#waiting = parts.waiting;
    this.#running = parts.running;
    this.#readiness = parts.readiness;
    this.#affinity = parts.affinity;
    this.#copies = parts.copies;
    this.#hooks = parts.hooks;
    this.#identity = parts.identity;
    this.#onAssigned = parts.onAssigned;
  }

  assign(task: Task, agent: Agent, match: CohortMatch, nowMs: number): void {
    const { link } = agent;
    const { extras, profile } = task;
    const { namespace } = profile;
    match.cohort.charge(partyOf(task), this.#settings.weightOf(namespace));
    this.#placements.record(task, agent, match, nowMs);
    this.#waiting.dequeueAssigned(task);
    this.#running.start(task, agent, nowMs);
    agent.credit--;
    agent.lastAssigned = ++this.#assigned;
    this.#readiness.loaded(agent);
    const { stickTo } = this.#settings.current.strategy;
    if (stickTo !== undefined) this.#affinity.set(namespace, stickTo(viewOf(task)), agent.agentId);
    if (extras !== undefined) {
      if (extras.stickyKey !== "") this.#affinity.set(namespace, extras.stickyKey, agent.agentId);
      if (extras.contextKey !== "") this.#affinity.set(namespace, extras.contextKey, agent.agentId);
    }
    this.#copies.watch(task, nowMs);
    this.#hooks.current?.assigned(task, nowMs);
    const assign = this.#assignmentOf(task, match.number, nowMs);
    link?.outgoing.assignments.push(assign);
    this.#onAssigned?.(agent.agentId, assign);
  }

  #assignmentOf(task: Task, capability: number, nowMs: number): Assign {
    const { offer, profile, extras } = task;
    return {
      token: offer.token,
      capability,
      input: offer.input,
      attempt: offer.attempt,
      runMs: task.runMs,
      heartbeatMs: profile.heartbeatMs,
      workId: offer.workId,
      taskId: offer.taskId,
      idempotencyKey: offer.idempotencyKey,
      traceparent: offer.traceparent,
      saved: offer.saved,
      totalMs: task.totalDueMs === never ? 0 : Math.max(1, task.totalDueMs - nowMs),
      labels: labelsFor(task),
      namespace: profile.namespace === this.#identity.namespace ? "" : profile.namespace,
      workKind: profile.workKind,
      budget: offer.budget,
      accessToken: offer.accessToken,
      contextKey: extras === undefined ? "" : extras.contextKey || extras.stickyKey,
    };
  }
}

const never = Number.POSITIVE_INFINITY;

/** Returns the labels of the profile, of the task, and those that hooks added. */
function labelsFor({ profile, offer, judging }: Task): Assign["labels"] {
  const added = judging?.labels ?? [];
  if (offer.labels.length + added.length === 0) return profile.labels as Assign["labels"];
  return [...profile.labels, ...offer.labels, ...added];
}
