/**
 * Reservations at agents with certain labels: an area for each set of labels.
 *
 * 1. Tasks that may not use a reservation have the capacity of the area without the reservations. A task that
 *    is refused in one area may be accepted in another. So this is checked when an agent is chosen, and holds
 *    nothing back before.
 * 2. Running work keeps what it has.
 * 3. Tasks that may use different reservations are on different sides. The side is a part of the demand on
 *    the one agent, so these tasks wait apart. A task that finds no agent does not block tasks of another
 *    side.
 * 4. Refused tasks are checked again when any agent of the area gives something back.
 */
import { labelsMatch, selectorText } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";
import type { AgentIndex } from "../agents/agent-index.ts";
import type { Readiness } from "../agents/readiness.ts";
import type { PoolReservation } from "../api/allotments.ts";
import type { PoolIdentity } from "../api/pool.ts";
import type { Fit, Placed, Refused, Side } from "../demand/requirements.ts";
import type { Task } from "../task/task.ts";
import { type AllottedLimit, ResourceReservations } from "./allotted.ts";
import { amountUsedBy } from "./amount.ts";
import { capacityOf } from "./capacity.ts";
import type { LimitWatch } from "./limit.ts";
import type { Limit } from "./room.ts";
import { mayUse } from "./users.ts";

/** A reservation of certain agents. */
export type AgentReservation = PoolReservation & { readonly agents: NonNullable<PoolReservation["agents"]> };

/** Tolerance: sums of parts are not exact. */
const hair = 1e-9;

/** The parts that Areas needs. */
export interface AreasParts {
  readonly identity: PoolIdentity;
  readonly limits: LimitWatch;
  readonly agents: AgentIndex;
  readonly readiness: Readiness;
}

export class Areas {
  readonly #parts: AreasParts;
  readonly #reservations: readonly AgentReservation[];
  readonly #areas: readonly Area[];
  /** Distinguishes these sides from the sides of earlier reports. */
  readonly #number: number;
  readonly #sides = new Map<string, AreaSide>();
  /** The limits that each running task counts against. */
  readonly #counted = new Map<Task, readonly AllottedLimit[]>();

  constructor(parts: AreasParts, reservations: readonly AgentReservation[], number: number) {
    this.#parts = parts;
    this.#reservations = reservations;
    this.#number = number;
    const byText = new Map<string, AgentReservation[]>();
    for (const reservation of reservations) {
      const text = selectorText(reservation.agents);
      byText.set(text, [...(byText.get(text) ?? []), reservation]);
    }
    this.#areas = [...byText.values()].map((all) => new Area(parts, all));
    this.measure();
  }

  get agents(): AgentReservation["agents"][] {
    return this.#areas.map(({ agents }) => agents);
  }

  sideOf(task: Task): Side {
    const isOwn = task.profile.namespace === this.#parts.identity.namespace;
    const usable = isOwn ? this.#reservations.filter((reservation) => mayUse(task, reservation)) : [];
    const ids = usable.map(({ reservationId }) => reservationId);
    const key = JSON.stringify([this.#number, ids]);
    let side = this.#sides.get(key);
    if (side === undefined) {
      side = new AreaSide(key, this.#areas, new Set(ids));
      this.#sides.set(key, side);
    }
    return side;
  }

  start(task: Task, agent: Agent, nowMs: number): void {
    const side = this.#sides.get(task.demand.fit.side?.key ?? "");
    const limits = side?.limitsAt(agent) ?? [];
    if (limits.length === 0) return;
    for (const limit of limits) limit.acquire(nowMs, task.demand);
    this.#counted.set(task, limits);
  }

  finish(task: Task): void {
    const limits = this.#counted.get(task);
    if (limits === undefined) return;
    this.#counted.delete(task);
    for (const limit of limits) limit.release(true, task.demand);
    this.#recheck();
  }

  /** Measures the capacity of the agents of each area. */
  measure(): void {
    for (const area of this.#areas) area.measure(this.#parts.agents);
    this.#recheck();
  }

  /** Checks refused tasks again: any agent of an area may have room for them. */
  #recheck(): void {
    const { agents, readiness } = this.#parts;
    for (const area of this.#areas) {
      if (!area.hasRefused) continue;
      area.hasRefused = false;
      for (const agent of agents.values()) if (area.covers(agent)) readiness.roomGained(agent);
    }
  }
}

class Area {
  readonly agents: AgentReservation["agents"];
  /** By the resource that is reserved. */
  readonly #byResource = new Map<string, ResourceReservations>();
  /** True if a task was refused since all were checked. */
  hasRefused = false;

  constructor({ identity, limits }: AreasParts, reservations: readonly AgentReservation[]) {
    this.agents = reservations[0]?.agents ?? { equals: {}, exists: [], absent: [] };
    for (const { reservationId, amounts, toMs } of reservations)
      for (const [name, amount] of Object.entries(amounts)) {
        const all = this.#byResource.get(name) ?? new ResourceReservations(identity.namespace, name, limits);
        this.#byResource.set(name, all);
        Object.assign(all.insideOf(reservationId), { amount, toMs, where: selectorText(this.agents) });
      }
  }

  covers({ offering }: Placed): boolean {
    return labelsMatch(offering.labels, this.agents);
  }

  measure(agents: AgentIndex): void {
    for (const [name, all] of this.#byResource) all.capacity = capacityOf(agents.values(), name, this.agents);
  }

  /** Returns the limits for tasks that may use these reservations. */
  limitsFor(usable: ReadonlySet<string>): AllottedLimit[] {
    return [...this.#byResource.values()].map(
      (all) => [...all.inside.values()].find(({ reservationId }) => usable.has(reservationId)) ?? all.outside,
    );
  }

  refusal(name: string): Refused | undefined {
    const all = this.#byResource.get(name);
    if (all === undefined) return undefined;
    const { description, capacity, outside, ids } = all;
    return { description, ids, name, capacity, used: outside.held };
  }
}

class AreaSide implements Side {
  readonly key: string;
  readonly #limits: ReadonlyMap<Area, readonly AllottedLimit[]>;

  constructor(key: string, areas: readonly Area[], usable: ReadonlySet<string>) {
    this.key = key;
    this.#limits = new Map(areas.map((area) => [area, area.limitsFor(usable)]));
  }

  limitsAt(agent: Placed): AllottedLimit[] {
    return [...this.#limits].flatMap(([area, limits]) => (area.covers(agent) ? limits : []));
  }

  admits(agent: Placed, fit: Fit): boolean {
    const full = this.#fullAt(agent, fit);
    if (full !== undefined) full.area.hasRefused = true;
    return full === undefined;
  }

  refusalAt(agent: Placed, fit: Fit): Refused | undefined {
    const full = this.#fullAt(agent, fit);
    return full?.area.refusal(full.limit.resource);
  }

  #fullAt(agent: Placed, fit: Fit): { readonly area: Area; readonly limit: AllottedLimit } | undefined {
    for (const [area, limits] of this.#limits) {
      if (!area.covers(agent)) continue;
      for (const limit of limits) {
        const amount = amountUsedBy({ fit }, limit.resource);
        if (amount > 0 && roomOf(limit) + hair < amount) return { area, limit };
      }
    }
    return undefined;
  }
}

/** Reservations have no rate: the room is the same at any time. */
function roomOf(limit: Limit<Task>): number {
  return limit.roomAt(0);
}
