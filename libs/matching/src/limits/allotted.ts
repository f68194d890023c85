/**
 * Limits that follow from quotas and reservations: of slots, or of a named resource. A task takes the amount
 * that it requires.
 *
 * 1. A pool has a part of a quota: the maximum that may be running here.
 * 2. A task that may use a reservation has the reserved amount, and the rest like all tasks. All others have
 *    the total less all reservations, or less the actual usage of a reservation if that is greater. Nothing
 *    is taken away from running work.
 */
import { amountOf } from "@tutti/kernel";
import type { Task } from "../task/task.ts";
import { AmountLimit } from "./amount.ts";
import type { LimitWatch } from "./limit.ts";
import type { LimitOrigin } from "./room.ts";

export abstract class AllottedLimit extends AmountLimit {
  abstract override get origin(): LimitOrigin;
}

export class QuotaLimit extends AllottedLimit {
  /** The maximum that may be running here. */
  amount = 0;
  /** The maximum in all pools together. */
  limit = 0;
  readonly quotaId: string;

  constructor(namespace: string, quotaId: string, resource: string, watch: LimitWatch) {
    super(`quota\n${namespace}\n${quotaId}\n${resource}`, quotaId, namespace, resource, watch);
    this.quotaId = quotaId;
  }

  override get origin(): LimitOrigin {
    const { quotaId: id, namespace, resource: name, limit } = this;
    return { kind: "quota", id, namespace, name, limit, description: "" };
  }

  override roomAt(): number {
    return Math.max(0, this.amount - this.held);
  }
}

/** All reservations of one resource, and the rest of it. */
export class ResourceReservations {
  capacity = 0;
  readonly outside: OutsideLimit;
  readonly inside = new Map<string, InsideLimit>();
  readonly resource: string;
  readonly #watch: LimitWatch;

  constructor(namespace: string, resource: string, watch: LimitWatch) {
    this.resource = resource;
    this.#watch = watch;
    this.outside = new OutsideLimit(namespace, this, watch);
  }

  /** Returns the limit for users of the reservation. */
  insideOf(reservationId: string): InsideLimit {
    let inside = this.inside.get(reservationId);
    if (inside === undefined) {
      inside = new InsideLimit(this.outside.namespace, reservationId, this, this.#watch);
      this.inside.set(reservationId, inside);
    }
    return inside;
  }

  /** Returns the free amounts that are not reserved, apart from one reservation. */
  unreservedExcept(except: InsideLimit | undefined): number {
    let remaining = this.capacity - this.outside.held;
    for (const limit of this.inside.values())
      remaining -= limit === except ? limit.held : Math.max(limit.amount, limit.held);
    return remaining;
  }

  wake(nowMs: number, requeue: (task: Task, nowMs: number) => void): void {
    for (const limit of this.inside.values()) limit.wakeOwn(nowMs, requeue);
    this.outside.wakeOwn(nowMs, requeue);
  }

  get description(): string {
    const active = [...this.inside.values()].filter(({ amount }) => amount > 0);
    return active
      .map(
        ({ reservationId, amount, toMs, where }) =>
          `the reservation ${reservationId} holds ${amountOf(amount, this.resource)} until ${new Date(toMs).toISOString()}${where === "" ? "" : `, of agents with ${where}`}`,
      )
      .join(" and ");
  }

  get ids(): string {
    return [...this.inside.keys()].join(", ");
  }
}

abstract class ReservationLimit extends AllottedLimit {
  protected readonly all: ResourceReservations;

  constructor(id: string, key: string, namespace: string, all: ResourceReservations, watch: LimitWatch) {
    super(id, key, namespace, all.resource, watch);
    this.all = all;
  }

  override get origin(): LimitOrigin {
    const { namespace, resource: name, all } = this;
    return {
      kind: "reservation",
      id: all.ids,
      namespace,
      name,
      limit: all.capacity,
      description: all.description,
    };
  }

  /** An amount that one of these limits gives back is available to all of them. */
  override wake(nowMs: number, requeue: (task: Task, nowMs: number) => void): void {
    this.all.wake(nowMs, requeue);
  }

  wakeOwn(nowMs: number, requeue: (task: Task, nowMs: number) => void): void {
    super.wake(nowMs, requeue);
  }
}

export class OutsideLimit extends ReservationLimit {
  constructor(namespace: string, all: ResourceReservations, watch: LimitWatch) {
    super(`outside\n${all.resource}`, all.resource, namespace, all, watch);
  }

  override roomAt(): number {
    return Math.max(0, this.all.unreservedExcept(undefined));
  }
}

export class InsideLimit extends ReservationLimit {
  readonly reservationId: string;
  /** The reserved amount. */
  amount = 0;
  toMs = 0;
  /** Labels of its agents, as a text. Empty for the whole pool. */
  where = "";

  constructor(namespace: string, reservationId: string, all: ResourceReservations, watch: LimitWatch) {
    super(`inside\n${reservationId}\n${all.resource}`, all.resource, namespace, all, watch);
    this.reservationId = reservationId;
  }

  override roomAt(): number {
    return Math.max(0, this.amount - this.held, this.all.unreservedExcept(this));
  }
}
