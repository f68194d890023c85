/**
 * Why a task waits, as its pool knows it.
 *
 * The caller may read the task, but not those of other namespaces that share the pool: these are neither
 * named nor counted.
 */
import { Hold } from "@tutti/contracts/agent/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { WaitCause, type WorkReference } from "@tutti/contracts/types/v1";
import {
  agentFunction,
  amountOf,
  counted,
  durationText,
  isBefore,
  nearest,
  printDuration,
  selectorText,
  shellWord,
} from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";
import { isBroken } from "../agents/breaker.ts";
import type { Pause } from "../agents/capabilities.ts";
import type { CapabilityPauses } from "../agents/pauses.ts";
import { describeRefused, type RefusedAgent, type RefusedAgents } from "../agents/refused-agents.ts";
import type { PoolIdentity } from "../api/pool.ts";
import type { Demands } from "../demand/demands.ts";
import { isEverFit, isFit } from "../demand/fit.ts";
import { newestIn } from "../demand/versions.ts";
import type { Gangs } from "../gangs/gangs.ts";
import { amountUsedBy } from "../limits/amount.ts";
import type { Limits } from "../limits/limit-book.ts";
import type { Limit, LimitOrigin } from "../limits/room.ts";
import type { Starts } from "../match/starts.ts";
import { namespaceOf, type Share } from "../queue/share.ts";
import { isStill, type LiveSettings } from "../settings.ts";
import type { Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";
import { gangReason } from "./gangs.ts";
import { countOf, holdersOf } from "./limits.ts";
import type { Reason } from "./reason.ts";

/** How to run tasks of the kind `agent`: by the platform itself, or by `agents()` on a worker. */
const withModels =
  "set ANTHROPIC_API_KEY, OPENAI_API_KEY or TUTTI_LOCAL_MODELS and restart the platform, or start a worker with `agents()` of @tutti/sdk/agents";

/** The parts that WaitReasons needs. */
export interface WaitReasonsParts {
  readonly settings: LiveSettings;
  readonly identity: PoolIdentity;
  readonly starts: Starts;
  readonly limits: Limits;
  readonly tasks: Tasks;
  readonly refusedAgents: RefusedAgents;
  readonly demands: Demands;
  readonly gangs: Gangs;
  readonly pauses: CapabilityPauses;
}

interface FullLimit extends Pick<Limit<Task>, "held" | "allowance"> {
  readonly isFull: boolean;
}

export class WaitReasons {
  readonly #settings: LiveSettings;
  readonly #identity: PoolIdentity;
  readonly #starts: Starts;
  readonly #limits: Limits;
  readonly #tasks: Tasks;
  readonly #refusedAgents: RefusedAgents;
  readonly #demands: Demands;
  readonly #gangs: Gangs;
  readonly #pauses: CapabilityPauses;

  constructor(parts: WaitReasonsParts) {
    this.#settings = parts.settings;
    this.#identity = parts.identity;
    this.#starts = parts.starts;
    this.#limits = parts.limits;
    this.#tasks = parts.tasks;
    this.#refusedAgents = parts.refusedAgents;
    this.#demands = parts.demands;
    this.#gangs = parts.gangs;
    this.#pauses = parts.pauses;
  }

  /** Returns why the pool assigns no task at all. Empty if it does. */
  pauses(): Reason[] {
    const { name } = this.#identity;
    const { paused, pauseReason, awaits } = this.#settings.current;
    if (paused) {
      const text = `the pool ${name} is paused${pauseReason === "" ? "" : `: ${pauseReason}`}`;
      const pause = reason(WAIT_CAUSE_PAUSED, text, name, "resume the pool");
      return [{ ...pause, command: `tutti pool resume ${name}` }];
    }
    if (awaits.length === 0) return [];
    const text = `the pool ${name} has just been opened, and waits for ${awaits.join(" and ")}`;
    return [reason(WAIT_CAUSE_PAUSED, text, name, "wait for some seconds")];
  }

  /** Returns the reasons of a waiting task, the most important first. Empty if the next turn assigns it. */
  of(task: Task, nowMs: number): Reason[] {
    const reasons = this.pauses();
    if (
      this.#starts.ramp !== undefined &&
      !isStill(this.#settings.current) &&
      this.#starts.ramp.roomAt(nowMs) < 1
    ) {
      const { count, perMs } = this.#starts.ramp.start.rate;
      const text = `the pool ${this.#identity.name} starts slowly after a pause: ${count} per ${durationText(perMs)}`;
      reasons.push(
        reason(WAIT_CAUSE_SLOWED_DOWN, text, this.#identity.name, "wait, or resume the pool at once"),
      );
    }
    if (task.stage === "away")
      reasons.push(
        reason(
          WAIT_CAUSE_OWNER,
          "its sender is away and has to offer it again",
          "",
          "wait for its sender to come back",
        ),
      );
    if (task.stage === "hooked") reasons.push(this.#hookReason(task));
    if (task.stage === "ganged") {
      const gang = this.#gangs.of(task);
      return gang === undefined ? reasons : [...reasons, gangReason(task, gang, this.#gangs, nowMs)];
    }
    const limit = this.#limitReason(task, nowMs);
    if (limit !== undefined) reasons.push(limit);
    return [...reasons, ...this.#agentReasons(task)];
  }

  /** Returns the reason of a task that a hook holds. It waits for nothing else yet. */
  #hookReason({ judging }: Task): Reason {
    const { heldBy = "", reason: why = "", dueMs = 0 } = judging ?? {};
    if (heldBy === "")
      return reason(WAIT_CAUSE_HOOK, "its hooks run at the next turn", "", "wait for the next turn");
    const text = `the hook ${heldBy} holds it: ${why}`;
    const remedy = `wait until the hook ${heldBy} decides, or disable it`;
    const command = `tutti hook disable ${heldBy} --pool ${this.#identity.name}`;
    return {
      ...reason(WAIT_CAUSE_HOOK, text, heldBy, remedy),
      command,
      sinceMs: judging?.heldSinceMs ?? 0,
      endMs: dueMs,
    };
  }

  #limitReason(task: Task, nowMs: number): Reason | undefined {
    const { extras, stage } = task;
    if (extras === undefined) return undefined;
    const full =
      stage === "limited"
        ? extras.limits.find(({ id }) => id === extras.waitsFor)
        : this.#limits.fullOf(extras.limits, nowMs, task.demand);
    if (full === undefined) return undefined;
    if (full.origin !== undefined)
      return {
        ...this.#allottedReason(task, full, full.origin),
        ...(stage === "limited" && { sinceMs: extras.waitsSinceMs }),
      };
    const { maxConcurrent, rate } = full.allowance;
    const isFull = maxConcurrent > 0 && full.held >= maxConcurrent;
    let text = `the limit ${full.key} is not known to have room until agents and senders reconnect`;
    if (full.amounts !== undefined) text = amountText(full, full.amounts, task);
    else if (isFull && countOf(this.#tasks, full, task.profile.namespace) < full.held)
      text = `the limit ${full.key}, which others use too, is full: it allows ${maxConcurrent} at once`;
    else if (isFull) text = `the limit ${full.key} is full: ${full.held} of ${maxConcurrent} are running`;
    else if (rate !== undefined)
      text = `the limit ${full.key} allows ${counted(rate.count, "start")} per ${durationText(rate.perMs)}`;
    const holders = holdersOf(this.#tasks, (limit) => limit === full, task.profile.namespace);
    const isPaced = rate !== undefined && !isFull && full.amounts === undefined;
    const room = isPaced ? "for its next start" : "until a holder ends";
    const remedy = `raise the limit, or wait ${room}. A limit that is set overrides \`${full.key}\` in all workflows`;
    const raised = raiseOf({ isFull, held: full.held, allowance: full.allowance });
    const key = shellWord(full.key);
    return {
      ...reason(WAIT_CAUSE_LIMIT, `${text}${holdersText(holders)}`, full.key, remedy),
      holders,
      ...(stage === "limited" && { sinceMs: extras.waitsSinceMs }),
      ...(raised !== undefined &&
        key !== undefined &&
        full.amounts === undefined && {
          command: `tutti pool limit ${this.#identity.name} ${key} ${raised}`,
        }),
    };
  }

  /** Returns the reason of an exhausted quota, or of a reservation for others. */
  #allottedReason(task: Task, { held, key }: Limit<Task>, origin: LimitOrigin): Reason {
    const { kind, id, namespace, name, limit, description } = origin;
    const { namespace: own } = task.profile;
    if (kind === "reservation" && own !== namespace) return this.#foreignReason(name);
    const users = this.#usersOf(origin, own);
    const by = users.length === 0 ? "" : `, by ${users.join(", ")}`;
    if (kind === "reservation") {
      const text = `${description}: of ${amountOf(limit, name)} others have ${held}${by}`;
      const holders = holdersOf(
        this.#tasks,
        (each) => each.origin?.kind === kind && each.origin.name === key,
        own,
      );
      return { ...reason(WAIT_CAUSE_LOCK, text, id, reservationRemedy), holders };
    }
    const text = `the quota ${id} of the namespace ${namespace} allows ${amountOf(limit, name)} at once. In this pool ${held} are in use${by}`;
    return {
      ...reason(WAIT_CAUSE_QUOTA, text, id, `raise the quota ${id}, or wait until running work ends`),
      holders: holdersOf(this.#tasks, (each) => each.origin?.id === id && each.origin.name === name, own),
      command: `tutti quota set ${id} --limit ${name}=${limit + 1}`,
    };
  }

  /** Lists the work of a namespace that counts against it, by share, the largest first. */
  #usersOf({ kind, id, name }: LimitOrigin, namespace: string): string[] {
    const counts = new Map<string, number>();
    for (const task of this.#tasks.values()) {
      if (task.agent === undefined || task.profile.namespace !== namespace) continue;
      const counted = task.extras?.limits.find(
        ({ origin }) => origin?.kind === kind && origin.name === name && origin.id === id,
      );
      if (counted === undefined) continue;
      const user = task.extras?.share?.key || task.offer.workId;
      counts.set(user, (counts.get(user) ?? 0) + counted.amountOf(task.demand));
    }
    const users = [...counts].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
    return users.slice(0, usersMax).map(([user, count]) => `${user} ${count}`);
  }

  #agentReasons(task: Task): Reason[] {
    const { demand, extras } = task;
    const { capability } = demand.requirements;
    const agents = demand.matches.flatMap(({ cohort }) => [...cohort.agents]);
    if (extras?.unbound !== undefined) {
      const [agent] = demand.fit.only ?? [];
      const text = `it waits for ${agent}, which did the last one with the key ${extras.stickyKey}`;
      return [reason(WAIT_CAUSE_BUSY, text, agent ?? "", `wait until ${agent} has room`)];
    }
    const fitAgents = agents.filter((agent) => isEverFit(agent, demand.fit));
    if (fitAgents.length === 0 && agents.length > 0) {
      const text = `${counted(agents.length, "agent offers", "agents offer")} ${capability}, and none is one that the task may have: ${notFitText(agents[0], task)}`;
      return [
        reason(WAIT_CAUSE_NO_MATCH, text, capability, "add agents with these resources, or request less"),
      ];
    }
    const obstacles = new Map<string, number>();
    for (const agent of fitAgents) {
      const obstacle = obstacleOf(agent, task);
      obstacles.set(obstacle, (obstacles.get(obstacle) ?? 0) + 1);
    }
    if (obstacles.has("")) return behindReasons(task);
    if (fitAgents.every(({ life }) => life === "asleep")) return [asleepReason(fitAgents, capability)];
    if (fitAgents.every(isHeldByUser)) return [heldReason(fitAgents, capability)];
    const cause = fitAgents.every(({ slowed }) => slowed) ? WAIT_CAUSE_SLOWED_DOWN : WAIT_CAUSE_BUSY;
    const busy = reason(
      cause,
      noRoomText(capability, fitAgents.length, obstacles),
      capability,
      `start another worker that offers ${capability}, or give its workers more slots`,
    );
    const broken = breakerReason(fitAgents.filter(isBroken), capability);
    // The reason that can end first comes first.
    const reserved = this.#reservationReasons(task, fitAgents);
    return [...(broken === undefined ? [] : [broken]), ...reserved, busy, ...behindReasons(task)];
  }

  /** Returns the reservations at suitable agents, whether these have room now or not. */
  #reservationReasons({ demand, profile }: Task, agents: readonly Agent[]): Reason[] {
    const byIds = new Map<string, Reason>();
    for (const agent of agents) {
      const refused = demand.fit.side?.refusalAt(agent, demand.fit);
      if (refused === undefined) continue;
      const { description, ids, name, capacity, used } = refused;
      const text = `${description}: of ${amountOf(capacity, name)} there others have ${used}`;
      const isOwn = profile.namespace === this.#identity.namespace;
      byIds.set(
        ids,
        isOwn ? reason(WAIT_CAUSE_LOCK, text, ids, reservationRemedy) : this.#foreignReason(name),
      );
    }
    return [...byIds.values()];
  }

  /** Returns the reason of a reservation in a pool of another namespace. */
  #foreignReason(name: string): Reason {
    const text = `some of the ${name} of the pool ${this.#identity.name} is set aside for others`;
    return reason(
      WAIT_CAUSE_LOCK,
      text,
      name,
      "wait until the reservation ends, or ask the owner of the pool",
    );
  }

  /** Returns the reason if no agent offers the capability. */
  missing(task: Task, nowMs: number): Reason | undefined {
    const { capability, range, require } = task.demand.requirements;
    if (task.demand.matches.length > 0) return undefined;
    const paused = this.#pauses.of(task.demand);
    if (paused.length > 0) return pausedReason(paused, capability);
    const refused = this.#refusedAgents.able(task.demand.requirements, nowMs);
    if (refused.length > 0) return refusedReason(refused, capability);
    const cohorts = [...(this.#demands.fieldOf(capability)?.cohorts ?? [])];
    if (cohorts.length === 0) {
      const location = locationOf(this.#identity);
      const { hint, remedy } = absenceText(capability, this.#identity, this.#demands.offeredNames());
      const text = `no worker offers ${capability}${location}${hint}`;
      return reason(WAIT_CAUSE_NO_CAPABILITY, text, capability, remedy);
    }
    const versions = cohorts.flatMap(({ offered }) =>
      offered.filter(({ name }) => name === capability).map(({ version }) => version),
    );
    if (newestIn(versions, range) === undefined) {
      const text = `agents offer ${capability} in ${[...new Set(versions)].join(", ")}, none in ${range}`;
      return reason(
        WAIT_CAUSE_NO_CAPABILITY,
        text,
        `${capability}@${range}`,
        `start a worker that offers ${capability} in version ${range}`,
      );
    }
    const text = `agents offer ${capability}, but none has ${selectorText(require ?? {})}`;
    return reason(
      WAIT_CAUSE_NO_MATCH,
      text,
      capability,
      "start a worker with these labels, or require other labels",
    );
  }
}

/** Returns the reason if all suitable agents have paused the capability. */
function pausedReason(paused: readonly (readonly [Agent, Pause])[], capability: string): Reason {
  const [[, first]] = paused as [readonly [Agent, Pause]];
  const endMs = Math.min(...paused.map(([, { dueMs }]) => dueMs));
  const subject =
    paused.length === 1
      ? `the only agent for ${capability}`
      : `each of ${paused.length} agents for ${capability}`;
  const message = first.message === "" ? "it reported that it is busy" : first.message;
  const text = `${subject} has paused ${first.pattern}: ${message}`;
  return { ...reason(WAIT_CAUSE_SLOWED_DOWN, text, capability, "wait until the pause is over"), endMs };
}

/** Lists the holders that the caller may see. */
function holdersText(holders: readonly WorkReference[]): string {
  if (holders.length === 0) return "";
  const named = holders.slice(0, usersMax).map(({ id, task }) => `\`${id} ${task}\``);
  return `. Held by ${named.join(", ")}${holders.length > named.length ? " and more" : ""}`;
}

/** Describes the obstacles, with the number of agents at each if there is more than one. */
function noRoomText(capability: string, agents: number, obstacles: ReadonlyMap<string, number>): string {
  const [[first = ""] = []] = obstacles;
  if (agents === 1) return `the only agent for ${capability} has no room: ${first}`;
  if (obstacles.size === 1) return `none of ${agents} agents for ${capability} has room: ${first}`;
  const text = [...obstacles].map(([obstacle, count]) => `${count}: ${obstacle}`).join("; ");
  return `of ${agents} agents for ${capability} none has room: ${text}`;
}

const defaultPool = "default";

/** Names the pool and the namespace, if they are not the default ones. */
function locationOf({ namespace, name }: PoolIdentity): string {
  const pool = name === defaultPool ? "" : ` in the pool ${name}`;
  return namespace === defaultNamespace ? pool : `${pool} in the namespace ${namespace}`;
}

/** Describes a missing capability. The author most likely meant the similar name. */
function absenceText(
  capability: string,
  { namespace, name }: PoolIdentity,
  offered: Iterable<string>,
): { readonly hint: string; readonly remedy: string } {
  if (capability === agentFunction) return { hint: "", remedy: withModels };
  const similar = nearest(capability, offered);
  const start = `start a worker that offers ${capability} in the pool ${name} of the namespace ${namespace}`;
  if (similar === undefined) return { hint: "", remedy: start };
  const change = `change \`uses: ${capability}\` to \`${similar}\` in the workflow, and start another run`;
  return { hint: `. Did you mean ${similar}?`, remedy: `${change}, or ${start}` };
}

const {
  WAIT_CAUSE_LIMIT,
  WAIT_CAUSE_QUOTA,
  WAIT_CAUSE_LOCK,
  WAIT_CAUSE_HOOK,
  WAIT_CAUSE_NO_CAPABILITY,
  WAIT_CAUSE_NO_MATCH,
  WAIT_CAUSE_BUSY,
  WAIT_CAUSE_BEHIND_OTHERS,
  WAIT_CAUSE_SLOWED_DOWN,
  WAIT_CAUSE_PAUSED,
  WAIT_CAUSE_OWNER,
  WAIT_CAUSE_AGENT_START,
  WAIT_CAUSE_BREAKER,
  WAIT_CAUSE_POLICY,
} = WaitCause;

/** Returns why a suitable agent does not get the task. Empty if nothing prevents it. */
export function obstacleOf(agent: Agent, task: Task): string {
  const { fit } = task.demand;
  if (!isEverFit(agent, fit)) return notFitText(agent, task);
  if (agent.isDisconnected) return "its link is cut";
  if (agent.silent) return "it sends no heartbeats";
  if (agent.life !== "active") return agent.life === "asleep" ? "it sleeps" : "it drains";
  if (agent.holdReason !== "" || !agent.isAble) return holdText(agent);
  if (agent.slowed) return "it reported that it is busy";
  if (agent.used >= agent.slots) return "all its slots are in use";
  if (agent.heldSlots > 0 && !agent.hasRoom) return "its free slots are held for a gang";
  if (agent.used >= agent.capacity)
    return "it accepts fewer concurrent tasks since it reported that it is busy";
  if (agent.credit === 0) return "it has granted no credit";
  if (fit.side?.refusalAt(agent, fit) !== undefined) return "what it has is set aside for others";
  return isFit(agent, fit) ? "" : "its resources are in use";
}

/** The holds that only a user ends. */
function isHeldByUser({ hold }: Agent): boolean {
  return hold === Hold.HOLD_PAUSED || hold === Hold.HOLD_QUARANTINED;
}

const holdNames: Partial<Record<Hold, string>> = {
  [Hold.HOLD_PAUSED]: "paused",
  [Hold.HOLD_QUARANTINED]: "quarantined",
  [Hold.HOLD_FLAPPING]: "unstable",
  [Hold.HOLD_FAILING]: "failing",
};

function holdText({ hold, holdReason }: Agent): string {
  return `it is ${holdNames[hold] ?? "blocked"}${holdReason === "" ? "" : `: ${holdReason}`}`;
}

/** Returns the reason if users hold all suitable agents. */
function heldReason(agents: readonly Agent[], capability: string): Reason {
  const [first] = agents as [Agent];
  const subject =
    agents.length === 1
      ? `the only agent for ${capability} has no room`
      : `none of ${agents.length} agents for ${capability} has room`;
  const { agentId, hold } = first;
  const verb = hold === Hold.HOLD_PAUSED ? "resume" : "release";
  return {
    ...reason(
      WAIT_CAUSE_PAUSED,
      `${subject}: ${holdText(first)}`,
      capability,
      `${verb} ${agentId}, or start another worker that offers ${capability}`,
    ),
    command: `tutti agent ${verb} ${agentId}`,
  };
}

function amountText(
  { key, held }: Limit<Task>,
  { resource, most }: NonNullable<Limit<Task>["amounts"]>,
  task: Task,
): string {
  return `the limit ${key} allows ${amountOf(most, resource)} at once. ${held} are in use, and the task requests ${amountUsedBy(task.demand, resource)}`;
}

/** Returns the options that give a full limit room: one more at once, or twice the rate. */
function raiseOf({ isFull, held, allowance: { maxConcurrent, rate } }: FullLimit): string | undefined {
  if (isFull) return `--concurrency ${Math.max(maxConcurrent, held) + 1}`;
  return rate && `--rate ${2 * rate.count}/${printDuration(rate.perMs)}`;
}

const usersMax = 5;

const reservationRemedy = "wait until the reservation ends, or let its session use it";

/** Returns the reason if only open breakers keep agents from having room. */
function breakerReason(agents: readonly Agent[], capability: string): Reason | undefined {
  const [first] = [...agents].sort((one, other) => one.holdDueMs - other.holdDueMs);
  if (first === undefined) return undefined;
  const { agentId, breaker, holdDueMs } = first;
  const others = agents.length === 1 ? "" : `, and so are those of ${counted(agents.length - 1, "other")}`;
  const text = `the breaker of ${agentId} is open, after ${counted(breaker.failures, "attempt")} that failed in a row${others}`;
  const remedy = `find out why attempts fail at ${agentId}; it is retried automatically, or immediately when it is released`;
  return {
    ...reason(WAIT_CAUSE_BREAKER, text, capability, remedy),
    command: `tutti agent release ${agentId}`,
    endMs: holdDueMs,
  };
}

/** Returns the reason if the fit agents sleep. */
function asleepReason(agents: readonly Agent[], capability: string): Reason {
  const [first] = agents;
  const wakesOnDemand = agents.some(({ wakesOnDemand: wakesByNeed }) => wakesByNeed);
  const isSingle = agents.length === 1;
  const subject = isSingle
    ? `the one agent that offers ${capability} is`
    : `all ${agents.length} agents that offer ${capability} are`;
  const until = isSingle
    ? "sleeps until its time, or until it is woken"
    : "sleep until their time, or until they are woken";
  const detail = first?.sleepReason ? ` (${first.sleepReason})` : "";
  const when = wakesOnDemand ? `${isSingle ? "is" : "are"} woken for it` : until;
  return {
    ...reason(
      WAIT_CAUSE_AGENT_START,
      `${subject} asleep${detail}, and ${when}`,
      capability,
      wakesOnDemand ? "wait until one is awake" : "wake an agent",
    ),
    command: wakesOnDemand || first === undefined ? "" : `tutti agent wake ${first.agentId}`,
  };
}

/** Returns the reason if a fit agent was not admitted. */
function refusedReason(agents: readonly RefusedAgent[], capability: string): Reason {
  const agentId = agents[0]?.agentId ?? "";
  const subject = agentId === "" ? "an agent without an id" : `the agent ${agentId}`;
  return reason(
    WAIT_CAUSE_POLICY,
    describeRefused(agents, capability),
    capability,
    `allow ${subject} to offer ${capability} and restart it, or start an agent that is allowed to`,
  );
}

function behindReasons(task: Task): Reason[] {
  const { share, demand } = task;
  if (share === undefined) return [];
  let before = 0;
  for (const other of share.tasks()) if (isBefore(other, task)) before++;
  const { namespace } = task.profile;
  const rivals = [...demand.shares].filter((other) => other !== share && other.size > 0);
  const others = rivals.filter(({ party }) => namespaceOf(party) === namespace);
  if (before === 0 && rivals.length === 0) return [];
  const { share: own } = task.extras ?? {};
  const scope = own === undefined ? "namespace" : "session";
  const sharer = own === undefined ? "it" : `its session, with the weight ${own.weight || 1},`;
  const turns = [
    ...(others.length > 0
      ? [`with ${counted(others.length, "other")} of its namespace${weightsOf(others)}`]
      : []),
    ...(others.length < rivals.length ? ["with other namespaces"] : []),
  ];
  const text = `${counted(before, `task of its ${scope} goes`, `tasks of its ${scope} go`)} before it${turns.length > 0 ? `, and ${sharer} takes turns ${turns.join(", and ")}` : ""}`;
  return [
    reason(
      WAIT_CAUSE_BEHIND_OTHERS,
      text,
      demand.requirements.capability,
      "raise its priority, or add agents",
    ),
  ];
}

/** Describes the weights of sessions. Sessions have names. */
function weightsOf(others: readonly Share<Task>[]): string {
  const named = others.filter(({ party }) => party.includes("\n"));
  if (named.length === 0) return "";
  const weights = named
    .slice(0, usersMax)
    .map(({ party, weight }) => `${party.slice(party.indexOf("\n") + 1)} ${weight}`);
  return ` (${weights.join(", ")})`;
}

function notFitText(agent: Agent | undefined, { demand }: Task): string {
  const { only, not, resources } = demand.fit;
  if (agent === undefined) return "";
  if (only !== undefined && !only.has(agent.agentId)) return `it wants one of ${[...only].join(", ")}`;
  if (not.has(agent.agentId)) return `it must not be ${agent.agentId}`;
  const [name = "", amount = 0] =
    resources.find(([resource, needed]) => agent.totalOf(resource) < needed) ?? [];
  return `it needs ${amountOf(amount, name)}, ${agent.agentId} has ${agent.totalOf(name)}`;
}

function reason(cause: WaitCause, message: string, subject: string, remedy: string): Reason {
  return { cause, message, subject, holders: [], remedy };
}
