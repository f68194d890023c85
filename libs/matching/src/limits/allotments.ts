/**
 * What quotas and reservations allow in a pool, as it was told last, and which tasks count against what. Told again, it
 * holds for what waits and for running work already too.
 */
import type { LabelSelector } from "@tutti/contracts/types/v1";
import { labelsMatch, selectorText } from "@tutti/kernel";
import type { Allotments as AllotmentsTold, AllotmentUses, SetAsideTold } from "../api/allotments.ts";
import type { AllotmentBook, PoolCore } from "../books.ts";
import type { Limit, Task } from "../parts.ts";
import { extrasOf } from "../task/extras.ts";
import { enqueue, isLimitedBy, leaveLimit, takeSide } from "../task/waiting.ts";
import { QuotaLimit, SetAside } from "./allotted.ts";
import { takenBy } from "./amount.ts";
import { Areas, type SetAsideThere } from "./areas.ts";
import { capacityOf } from "./capacity.ts";
import type { LimitWatch } from "./limit.ts";
import { labelsOf, mayUse } from "./users.ts";

interface QuotaRule {
  readonly namespace: string;
  readonly sessions: LabelSelector | undefined;
  readonly limit: QuotaLimit;
}

const nobody: readonly Limit[] = [];

export class PoolAllotments implements AllotmentBook {
  readonly #core: PoolCore & { readonly limits: LimitWatch };
  readonly #quotas = new Map<string, QuotaRule>();
  /** By the resource that they are set aside of. */
  readonly #setAside = new Map<string, SetAside>();
  #reservations: readonly SetAsideTold[] = [];
  areas: Areas | undefined = undefined;
  #areasMade = 0;

  constructor(core: PoolCore & { readonly limits: LimitWatch }) {
    this.#core = core;
  }

  /** All that holds for tasks of a namespace from now on. */
  tell(namespace: string, { parts, reservations }: AllotmentsTold, nowMs: number): void {
    const core = this.#core;
    const isOther = this.#keepParts(namespace, parts);
    // Only the pool's own namespace sets something aside in it.
    const areOthers = namespace === core.namespace && this.#keepReservations(reservations);
    if (areOthers) this.#makeAreas();
    else this.areas?.measure();
    if (isOther || areOthers) for (const task of core.tasks.values()) allotAnew(core, this, task, nowMs);
    if (areOthers) for (const task of core.tasks.values()) this.#turn(task, nowMs);
    for (const limit of core.limits.allotted) core.limits.wake(limit, nowMs);
  }

  /** What tasks of a namespace have and want of what was allotted to it. */
  uses(namespace: string): AllotmentUses {
    return [...this.#quotas.values()]
      .filter((rule) => rule.namespace === namespace)
      .map(({ limit }) => {
        const { quotaId, resource: name, held: used, wanted } = limit;
        return { quotaId, name, used, wanted };
      });
  }

  of(task: Task): readonly Limit[] {
    const { namespace } = task.profile;
    let limits: Limit[] | undefined;
    for (const { namespace: owner, sessions, limit } of this.#quotas.values()) {
      if (owner !== namespace || takenBy(task.demand, limit.resource) === 0) continue;
      if (sessions !== undefined && !labelsMatch(labelsOf(task), sessions)) continue;
      limits ??= [];
      limits.push(limit);
    }
    for (const all of this.#setAside.values()) {
      if (takenBy(task.demand, all.resource) === 0) continue;
      limits ??= [];
      limits.push(this.#sideOf(all, task));
    }
    return limits ?? nobody;
  }

  #sideOf(all: SetAside, task: Task): Limit {
    const { namespace } = task.profile;
    if (namespace !== this.#core.namespace) return all.outside;
    for (const one of this.#reservations)
      if ((one.amounts[all.resource] ?? 0) > 0 && mayUse(task, one)) return all.insideOf(one.reservationId);
    return all.outside;
  }

  /** Returns whether others count against them than before. */
  #keepParts(namespace: string, parts: AllotmentsTold["parts"]): boolean {
    const before = [...this.#quotas.values()].filter((rule) => rule.namespace === namespace);
    const ids = new Set<string>();
    let isOther = false;
    for (const { quotaId, name, amount, limit: all, sessions } of parts) {
      const id = `${namespace}\n${quotaId}\n${name}`;
      ids.add(id);
      const known = this.#quotas.get(id);
      const limit = known?.limit ?? new QuotaLimit(namespace, quotaId, name, this.#core.limits);
      limit.amount = amount;
      limit.limit = all;
      if (known !== undefined && JSON.stringify(known.sessions) === JSON.stringify(sessions)) continue;
      isOther = true;
      this.#quotas.set(id, { namespace, sessions, limit });
      this.#core.limits.allotted.add(limit);
    }
    for (const { limit } of before) {
      const id = `${namespace}\n${limit.quotaId}\n${limit.resource}`;
      if (ids.has(id)) continue;
      isOther = true;
      this.#quotas.delete(id);
      this.#core.limits.allotted.delete(limit);
    }
    return isOther;
  }

  #keepReservations(reservations: readonly SetAsideTold[]): boolean {
    const core = this.#core;
    const areOthers = JSON.stringify(reservations) !== JSON.stringify(this.#reservations);
    this.#reservations = reservations;
    const names = new Set(reservations.flatMap(({ amounts }) => Object.keys(amounts)));
    for (const name of names) {
      const all = this.#setAside.get(name) ?? new SetAside(core.namespace, name, core.limits);
      this.#setAside.set(name, all);
      all.capacity = capacityOf(core, name);
      for (const { reservationId, amounts, agents, toMs } of reservations) {
        const asked = amounts[name] ?? 0;
        // Where fewer such agents are there than were, no others are kept free instead.
        const amount = agents === undefined ? asked : Math.min(asked, capacityOf(core, name, agents));
        const where = agents === undefined ? "" : selectorText(agents);
        if (asked > 0) Object.assign(all.insideOf(reservationId), { amount, toMs, where });
      }
      for (const [id, inside] of all.inside)
        if (!reservations.some(({ reservationId }) => reservationId === id)) {
          inside.amount = 0;
          if (inside.uses === 0) all.inside.delete(id);
        }
      for (const limit of [all.outside, ...all.inside.values()]) core.limits.allotted.add(limit);
    }
    for (const [name, all] of this.#setAside) {
      if (names.has(name)) continue;
      this.#setAside.delete(name);
      for (const limit of [all.outside, ...all.inside.values()]) core.limits.allotted.delete(limit);
    }
    return areOthers;
  }

  #makeAreas(): void {
    const there = this.#reservations.filter((one): one is SetAsideThere => one.agents !== undefined);
    this.areas = there.length === 0 ? undefined : new Areas(this.#core, there, ++this.#areasMade);
  }

  /** Tasks that are there are on other sides than before. */
  #turn(task: Task, nowMs: number): void {
    const { areas } = this;
    takeSide(this.#core, task, areas?.sideOf(task), nowMs);
    if (task.agent !== undefined) areas?.begun(task, task.agent, nowMs);
  }
}

/** A task that has just come counts against what was allotted, from when it is running. */
export function allot(core: PoolCore, book: AllotmentBook, task: Task, nowMs: number): void {
  if (book.areas !== undefined) takeSide(core, task, book.areas.sideOf(task), nowMs);
  const limits = book.of(task);
  if (limits.length === 0) return;
  task.extras ??= extrasOf([], { stickyKey: "", contextKey: "", share: undefined });
  task.extras.limits = [...task.extras.limits, ...limits];
  for (const limit of limits) limit.uses++;
}

/** One that is there counts against others than before, whatever it does now. */
function allotAnew(core: PoolCore, book: AllotmentBook, task: Task, nowMs: number): void {
  const before = task.extras?.limits.filter(({ origin }) => origin !== undefined) ?? nobody;
  const limits = book.of(task);
  if (before.length === 0 && limits.length === 0) return;
  if (before.length === limits.length && before.every((limit) => limits.includes(limit))) return;
  const isWaitingForOne = before.some((limit) => isLimitedBy(task, limit));
  if (isWaitingForOne) leaveLimit(task, nowMs);
  task.extras ??= extrasOf([], { stickyKey: "", contextKey: "", share: undefined });
  const { extras, demand, agent } = task;
  for (const limit of before) {
    if (agent !== undefined) limit.end(true, demand);
    if (extras.wokenBy === limit) {
      extras.wokenBy = undefined;
      limit.unwake(extras.unbound ?? demand);
    }
    limit.uses--;
  }
  for (const limit of limits) {
    if (agent !== undefined) core.limits.begin(limit, nowMs, demand);
    limit.uses++;
  }
  extras.limits = [...extras.limits.filter(({ origin }) => origin === undefined), ...limits];
  if (isWaitingForOne) enqueue(task);
}
