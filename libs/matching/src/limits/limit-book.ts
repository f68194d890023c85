/**
 * The limits of a pool by key: those that were set, and those of tasks.
 *
 * A key of a task is shared within its namespace, so no tenant uses up the limit of another. A key with a
 * rule is shared by the whole pool, as the owner of the pool sets it.
 */
import type { KeyedLimit } from "@tutti/contracts/types/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import type { LimitRule, PoolOptions } from "../api/pool.ts";
import { limitKeysMax, limitRulesMax } from "../bounds.ts";
import type { Demand } from "../demand/matches.ts";
import { matchingErrors } from "../errors.ts";
import type { Task } from "../task/task.ts";
import type { Wheel } from "../time/wheel.ts";
import { KeyAmountLimit } from "./amount.ts";
import { type EarlierStarts, KeyLimit, type LimitWatch } from "./limit.ts";
import type { Limit, ReservedStarts } from "./room.ts";

const keyLengthMax = 1_000;

/** Makes starts of rates durable. */
interface StartStore {
  /** The last reservation of each limit. */
  readonly earlier: ReadonlyMap<string, ReservedStarts>;
  /** When this owner took over. 0 for the first owner. */
  readonly takenOverMs: number;
  readonly reserve: NonNullable<PoolOptions["reserve"]>;
}

export class Limits implements LimitWatch {
  readonly #wheel: Wheel;
  readonly #limits = new Map<string, Limit<Task>>();
  readonly #rules = new Map<string, LimitRule>();
  /** Limits of quotas and reservations, which other code makes. */
  readonly allotted = new Set<Limit<Task>>();
  /** True while some of the running work is unknown: then no limited task starts. */
  #frozen = false;
  /** Returns a task to its queue. */
  readonly #requeue: (task: Task, nowMs: number) => void;
  readonly #startStore: StartStore | undefined;
  /** Limits whose tasks wait for a reservation that is not requested yet, and until which time at least. */
  readonly #unreserved = new Map<Limit<Task>, number>();

  constructor(wheel: Wheel, requeue: (task: Task, nowMs: number) => void, startStore?: StartStore) {
    this.#wheel = wheel;
    this.#requeue = requeue;
    this.#startStore = startStore;
  }

  get limits(): Iterable<Limit<Task>> {
    return this.#limits.values();
  }

  get rules(): ReadonlyMap<string, LimitRule> {
    return this.#rules;
  }

  /** Returns the limits of a task and counts it as their user. `unregister` ends that. */
  register(
    declared: readonly KeyedLimit[],
    namespace: string,
    nowMs: number,
  ): readonly Limit<Task>[] | Refusal {
    const registered: Limit<Task>[] = [];
    for (const keyed of declared)
      for (const limit of this.#limitsOf(keyed, namespace, nowMs)) {
        if (isRefusal(limit)) {
          for (const known of registered) known.uses--;
          return limit;
        }
        if (registered.includes(limit)) continue;
        limit.configure(keyed, nowMs);
        limit.uses++;
        registered.push(limit);
      }
    return registered;
  }

  /** Yields the limit that counts tasks, and one for each bounded resource. */
  *#limitsOf({ key, maxConcurrent, rate, resources }: KeyedLimit, namespace: string, nowMs: number) {
    const names = Object.keys(resources);
    const countsTasks = names.length === 0 || maxConcurrent > 0 || rate !== undefined;
    if (countsTasks || this.#ruleOf(key) !== undefined) yield this.#limit(key, namespace, nowMs);
    for (const name of names) yield this.#amountLimit(key, namespace, name);
  }

  /** Returns the first limit without room now. Undefined if all have room. */
  fullOf(limits: readonly Limit<Task>[], nowMs: number, demand: Demand): Limit<Task> | undefined {
    if (this.#frozen) return limits[0];
    for (const limit of limits) if (limit.roomAt(nowMs) + 1e-9 < limit.amountOf(demand)) return limit;
    return undefined;
  }

  /** Requests a reservation at the end of the turn if a limit has no room for lack of one. */
  needReservation(limit: Limit<Task>, nowMs: number): void {
    const untilMs = this.#startStore && limit.unreservedAt(nowMs);
    if (untilMs !== undefined)
      this.#unreserved.set(limit, Math.max(untilMs, this.#unreserved.get(limit) ?? 0));
  }

  /** Requests the reservations that tasks wait for. */
  requestReservations(nowMs: number): void {
    if (this.#unreserved.size === 0) return;
    const wanted = [...this.#unreserved].flatMap(
      ([limit, untilMs]) => limit.reservation(untilMs, nowMs) ?? [],
    );
    this.#unreserved.clear();
    if (wanted.length > 0) this.#startStore?.reserve(wanted);
  }

  /** Lets tasks use starts that are durable now. */
  reserved(reservations: readonly ReservedStarts[], nowMs: number): void {
    for (const starts of reservations) {
      const limit = this.#limits.get(starts.limit);
      if (limit === undefined) continue;
      limit.reserved(starts);
      this.wake(limit, nowMs);
    }
  }

  freeze(): void {
    this.#frozen = true;
  }

  unfreeze(nowMs: number): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    for (const limit of this.#limits.values()) this.wake(limit, nowMs);
    for (const limit of this.allotted) this.wake(limit, nowMs);
  }

  unregister(limits: readonly Limit<Task>[], nowMs: number): void {
    for (const limit of limits) {
      limit.uses--;
      this.#removeIfUnused(limit, nowMs);
    }
  }

  /** Lets as many waiting tasks continue as there is room for, and schedules the next check for the rate. */
  wake(limit: Limit<Task>, nowMs: number): void {
    if (limit.waiting === 0 || this.#frozen) return;
    limit.wake(nowMs, this.#requeue);
    this.#watch(limit, nowMs);
    if (limit.waiting > 0) this.needReservation(limit, nowMs);
  }

  /** Counts an attempt that starts. */
  acquire(limit: Limit<Task>, nowMs: number, demand: Demand): void {
    limit.acquire(nowMs, demand);
    this.#watch(limit, nowMs);
  }

  due(limit: Limit<Task>, nowMs: number): void {
    this.wake(limit, nowMs);
    this.#removeIfUnused(limit, nowMs);
  }

  set(rule: LimitRule, nowMs: number): Refusal | undefined {
    const problem = problemOf(rule);
    if (problem !== undefined) return matchingErrors.limitInvalid.refusal({ problem });
    if (!this.#rules.has(rule.key) && this.#rules.size >= limitRulesMax)
      return matchingErrors.limitsFull.refusal({ max: limitRulesMax });
    this.#rules.set(rule.key, rule);
    this.#apply(nowMs);
    return undefined;
  }

  remove(key: string, nowMs: number): Refusal | undefined {
    if (!this.#rules.delete(key)) return matchingErrors.limitMissing.refusal({ key });
    this.#apply(nowMs);
    return undefined;
  }

  /** Applies the rules. Limits of namespaces keep their counts: a later rule binds only new limits. */
  #apply(nowMs: number): void {
    for (const limit of this.#limits.values()) {
      if (limit.amounts === undefined) limit.setRule(this.#ruleOf(limit.key), nowMs);
      this.wake(limit, nowMs);
    }
  }

  /** Schedules the next check. If the rate has room now, tasks that were let continue use it first. */
  #watch(limit: Limit<Task>, nowMs: number): void {
    if (limit.waiting === 0) return;
    const { paceDueMs } = limit;
    this.#wheel.set(limit, paceDueMs > nowMs ? paceDueMs : Number.POSITIVE_INFINITY);
  }

  #limit(key: string, namespace: string, nowMs: number): Limit<Task> | Refusal {
    const rule = this.#ruleOf(key);
    const id = rule === undefined ? `${namespace}\n${key}` : `\n${key}`;
    return this.#getOrCreate(id, () => {
      const limit = new KeyLimit(id, key, rule === undefined ? namespace : "", this, this.#earlierOf(id));
      limit.setRule(rule, nowMs);
      return limit;
    });
  }

  #earlierOf(id: string): EarlierStarts | undefined {
    const { earlier, takenOverMs = 0 } = this.#startStore ?? {};
    return earlier && { reserved: earlier.get(id), takenOverMs };
  }

  #getOrCreate(id: string, create: (id: string) => Limit<Task>): Limit<Task> | Refusal {
    let limit = this.#limits.get(id);
    if (limit === undefined) {
      if (this.#limits.size >= limitKeysMax) return matchingErrors.limitsFull.refusal({ max: limitKeysMax });
      limit = create(id);
      this.#limits.set(id, limit);
    }
    return limit;
  }

  #amountLimit(key: string, namespace: string, name: string): Limit<Task> | Refusal {
    return this.#getOrCreate(
      `${namespace}\n${key}\n${name}`,
      (id) => new KeyAmountLimit(id, key, namespace, name, this),
    );
  }

  /** Returns the rule for the key itself, else the rule with the longest prefix of it. */
  #ruleOf(key: string): LimitRule | undefined {
    const own = this.#rules.get(key);
    if (own !== undefined) return own;
    let best: LimitRule | undefined;
    for (const rule of this.#rules.values()) {
      if (!rule.key.endsWith("*") || !key.startsWith(rule.key.slice(0, -1))) continue;
      if (best === undefined || rule.key.length > best.key.length) best = rule;
    }
    return best;
  }

  #removeIfUnused(limit: Limit<Task>, nowMs: number): void {
    if (limit.uses > 0 || limit.origin !== undefined) return;
    if (limit.idleAt(nowMs)) {
      this.#wheel.remove(limit);
      this.#limits.delete(limit.id);
    } else this.#wheel.set(limit, limit.restDueMs);
  }
}

function problemOf({ key, maxConcurrent, rate }: LimitRule): string | undefined {
  if (key.length === 0 || key.length > keyLengthMax)
    return `expected a key of 1 to ${keyLengthMax} characters, got ${key.length}`;
  if (!Number.isInteger(maxConcurrent) || maxConcurrent < 0)
    return `limit ${key}: expected an integer concurrency of 0 (no limit) or more, got ${maxConcurrent}`;
  if (rate === undefined)
    return maxConcurrent === 0 ? `limit ${key}: expected a concurrency or a rate, got neither` : undefined;
  const { count, perMs, burst } = rate;
  if (!(count > 0 && perMs > 0 && burst >= 0))
    return `limit ${key}: expected a rate above 0, got ${count} per ${perMs} ms with a burst of ${burst}`;
  return undefined;
}
