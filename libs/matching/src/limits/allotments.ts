/**
 * Quotas and reservations of a pool, by the last report, and the tasks that count against each. A new report
 * applies to waiting tasks and to running work as well.
 */

import type { LabelSelector } from "@tutti/contracts/types/v1";
import { labelsMatch, selectorText } from "@tutti/kernel";
import type { AgentIndex } from "../agents/agent-index.ts";
import type { Readiness } from "../agents/readiness.ts";
import type { AllotmentUses, PoolReservation, Allotments as PublishedAllotments } from "../api/allotments.ts";
import type { PoolIdentity } from "../api/pool.ts";
import type { Task } from "../task/task.ts";
import { QuotaLimit, ResourceReservations } from "./allotted.ts";
import { amountUsedBy } from "./amount.ts";
import { type AgentReservation, Areas } from "./areas.ts";
import { capacityOf } from "./capacity.ts";
import type { Limits } from "./limit-book.ts";
import type { Limit } from "./room.ts";
import { labelsOf, mayUse } from "./users.ts";

interface QuotaRule {
  readonly namespace: string;
  readonly sessions: LabelSelector | undefined;
  readonly limit: QuotaLimit;
}

const noLimits: readonly Limit<Task>[] = [];

/** The parts that PoolAllotments needs. */
export interface PoolAllotmentsParts {
  readonly identity: PoolIdentity;
  readonly limits: Limits;
  readonly agents: AgentIndex;
  readonly readiness: Readiness;
}

export class PoolAllotments {
  readonly #identity: PoolIdentity;
  readonly #limits: Limits;
  readonly #agents: AgentIndex;
  readonly #readiness: Readiness;
  readonly #quotas = new Map<string, QuotaRule>();
  /** By the resource that is reserved. */
  readonly #byResource = new Map<string, ResourceReservations>();
  #reservations: readonly PoolReservation[] = [];
  areas: Areas | undefined = undefined;
  #areasCreated = 0;

  constructor(parts: PoolAllotmentsParts) {
    this.#identity = parts.identity;
    this.#limits = parts.limits;
    this.#agents = parts.agents;
    this.#readiness = parts.readiness;
  }

  /** Sets the allotments for tasks of a namespace. Returns the changes for them. */
  set(
    namespace: string,
    { parts, reservations }: PublishedAllotments,
  ): { readonly quotas: boolean; readonly reservations: boolean } {
    const areOtherQuotas = this.#setParts(namespace, parts);
    // Only the pool's own namespace has reservations in it.
    const areOtherReservations =
      namespace === this.#identity.namespace && this.#setReservations(reservations);
    if (areOtherReservations) this.#createAreas();
    else this.areas?.measure();
    return { quotas: areOtherQuotas, reservations: areOtherReservations };
  }

  /** Returns what tasks of a namespace use and want of its quotas. */
  uses(namespace: string): AllotmentUses {
    return [...this.#quotas.values()]
      .filter((rule) => rule.namespace === namespace)
      .map(({ limit }) => {
        const { quotaId, resource: name, held: used, wanted } = limit;
        return { quotaId, name, used, wanted };
      });
  }

  /** Whether there was never a quota or a reservation. */
  get isEmpty(): boolean {
    return this.#quotas.size === 0 && this.#byResource.size === 0 && this.areas === undefined;
  }

  /** Returns the limits that a task counts against in addition to those of its keys. */
  limitsOf(task: Task): readonly Limit<Task>[] {
    const { namespace } = task.profile;
    let limits: Limit<Task>[] | undefined;
    for (const { namespace: owner, sessions, limit } of this.#quotas.values()) {
      if (owner !== namespace || amountUsedBy(task.demand, limit.resource) === 0) continue;
      if (sessions !== undefined && !labelsMatch(labelsOf(task), sessions)) continue;
      limits ??= [];
      limits.push(limit);
    }
    for (const all of this.#byResource.values()) {
      if (amountUsedBy(task.demand, all.resource) === 0) continue;
      limits ??= [];
      limits.push(this.#sideOf(all, task));
    }
    return limits ?? noLimits;
  }

  #sideOf(all: ResourceReservations, task: Task): Limit<Task> {
    const { namespace } = task.profile;
    if (namespace !== this.#identity.namespace) return all.outside;
    for (const reservation of this.#reservations)
      if ((reservation.amounts[all.resource] ?? 0) > 0 && mayUse(task, reservation))
        return all.insideOf(reservation.reservationId);
    return all.outside;
  }

  /** Replaces the quotas of a namespace. Returns whether other tasks than before count against them. */
  #setParts(namespace: string, parts: PublishedAllotments["parts"]): boolean {
    const before = [...this.#quotas.values()].filter((rule) => rule.namespace === namespace);
    const ids = new Set<string>();
    let isOther = false;
    for (const { quotaId, name, amount, limit: all, sessions } of parts) {
      const id = `${namespace}\n${quotaId}\n${name}`;
      ids.add(id);
      const known = this.#quotas.get(id);
      const limit = known?.limit ?? new QuotaLimit(namespace, quotaId, name, this.#limits);
      limit.amount = amount;
      limit.limit = all;
      if (known !== undefined && JSON.stringify(known.sessions) === JSON.stringify(sessions)) continue;
      isOther = true;
      this.#quotas.set(id, { namespace, sessions, limit });
      this.#limits.allotted.add(limit);
    }
    for (const { limit } of before) {
      const id = `${namespace}\n${limit.quotaId}\n${limit.resource}`;
      if (ids.has(id)) continue;
      isOther = true;
      this.#quotas.delete(id);
      this.#limits.allotted.delete(limit);
    }
    return isOther;
  }

  #setReservations(reservations: readonly PoolReservation[]): boolean {
    const areOthers = JSON.stringify(reservations) !== JSON.stringify(this.#reservations);
    this.#reservations = reservations;
    const names = new Set(reservations.flatMap(({ amounts }) => Object.keys(amounts)));
    for (const name of names) {
      const all =
        this.#byResource.get(name) ?? new ResourceReservations(this.#identity.namespace, name, this.#limits);
      this.#byResource.set(name, all);
      all.capacity = capacityOf(this.#agents.values(), name);
      for (const { reservationId, amounts, agents, toMs } of reservations) {
        const requestedAmount = amounts[name] ?? 0;
        // If there are fewer such agents than the reservation needs, no other agents are kept free for it.
        const amount =
          agents === undefined
            ? requestedAmount
            : Math.min(requestedAmount, capacityOf(this.#agents.values(), name, agents));
        const labels = agents === undefined ? "" : selectorText(agents);
        if (requestedAmount > 0) Object.assign(all.insideOf(reservationId), { amount, toMs, where: labels });
      }
      for (const [id, inside] of all.inside)
        if (!reservations.some(({ reservationId, amounts }) => reservationId === id && amounts[name])) {
          inside.amount = 0;
          if (inside.uses > 0) continue;
          all.inside.delete(id);
          this.#limits.allotted.delete(inside);
        }
      for (const limit of [all.outside, ...all.inside.values()]) this.#limits.allotted.add(limit);
    }
    for (const [name, all] of this.#byResource) {
      if (names.has(name)) continue;
      this.#byResource.delete(name);
      for (const limit of [all.outside, ...all.inside.values()]) this.#limits.allotted.delete(limit);
    }
    return areOthers;
  }

  #createAreas(): void {
    const there = this.#reservations.filter(
      (reservation): reservation is AgentReservation => reservation.agents !== undefined,
    );
    this.areas =
      there.length === 0
        ? undefined
        : new Areas(
            {
              identity: this.#identity,
              limits: this.#limits,
              agents: this.#agents,
              readiness: this.#readiness,
            },
            there,
            ++this.#areasCreated,
          );
  }
}
