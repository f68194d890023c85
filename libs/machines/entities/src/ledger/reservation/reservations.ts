/**
 * Reservations: made if there is room for all of their time, and removed. A reservation of agents with
 * certain labels counts against the pool. It also counts, with the other reservations of the same labels,
 * against the capacity of these agents.
 */
import {
  CancelReservation,
  type LedgerChanged,
  Reservation,
  ReservationCancelledV1,
  Reserve,
  ReservedV1,
} from "@tutti/contracts/session/v1";
import { type ReadOnly, type Refusal, selectorText } from "@tutti/kernel";
import { sorted } from "../../index.ts";
import {
  type Collection,
  removeCommand,
  removedEvent,
  storeCommand,
  storedEvent,
} from "../../kit/collection.ts";
import { inLedger } from "../collections.ts";
import { ledgerErrors, refusals } from "../errors.ts";
import { aheadMaxMs, nameLengthMax, reservationsMax } from "../limits.ts";
import { type Ledger, type LedgerView, poolOf, spanOf } from "../state.ts";
import { arm } from "../timer.ts";

const reservations: Collection<Ledger, Reservation, LedgerChanged> = {
  ...inLedger,
  name: "reservation",
  codec: Reservation,
  max: reservationsMax,
  of: (ledger) => ledger.reservations,
  idOf: ({ reservationId }) => reservationId,
  bare: ({ reservationId, amounts, pool, agents, span, sessions, description }) => ({
    ...Reservation.create(),
    reservationId,
    amounts: sorted(amounts),
    pool,
    span,
    description,
    agents: agents && { ...agents, equals: sorted(agents.equals) },
    sessions: sessions && { ...sessions, equals: sorted(sessions.equals) },
  }),
  problem: reservationProblem,
};

export const reserved = storedEvent(reservations, {
  type: "reserved",
  codec: ReservedV1,
  valueOf: ({ reservation }) => reservation,
  atMs: ({ reserveMs }) => reserveMs,
  after: (ledger, _before, _body, outstanding) => arm(ledger, outstanding),
});

export const reservationCancelled = removedEvent(reservations, {
  type: "reservation_cancelled",
  codec: ReservationCancelledV1,
  idOf: ({ reservationId }) => reservationId,
  after: (ledger, _before, _body, outstanding) => arm(ledger, outstanding),
});

export const reserve = storeCommand(reservations, {
  type: "reserve",
  codec: Reserve,
  event: reserved,
  requestOf: ({ reservation: value }) => ({ value, revision: 0, only: "new" }),
  check(ledger, requested, { capacity, capacityThere }, { nowMs }) {
    const { fromMs, toMs } = spanOf(requested);
    if (toMs <= nowMs || fromMs > nowMs + aheadMaxMs)
      return refusals.invalid(
        `reservation ${requested.reservationId}: expected a period that ends in the future and starts within a year, got ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`,
      );
    const there = thereOf(requested);
    return (
      tightnessOf(ledger, requested, capacity, "") ??
      (there === "" ? undefined : tightnessOf(ledger, requested, capacityThere, there))
    );
  },
  toEvent: (reservation, reserveMs, cause) => ({ reservation, reserveMs, cause }),
});

export const cancelReservation = removeCommand(reservations, {
  type: "cancel_reservation",
  codec: CancelReservation,
  event: reservationCancelled,
  idOf: ({ reservationId }) => reservationId,
  toEvent: ({ reservationId }) => ({ reservationId }),
});

function reservationProblem(reservation: Reservation): string | undefined {
  const { reservationId: id, amounts, agents } = reservation;
  const { fromMs, toMs } = spanOf(reservation);
  if (agents !== undefined && selectorText(agents) === "")
    return `reservation ${id}: expected labels of agents, got none. Set a label, or omit \`agents\` for the whole pool`;
  if (!(fromMs > 0 && toMs > fromMs)) return `reservation ${id}: expected a period with a start and an end`;
  if (toMs - fromMs > aheadMaxMs) return `reservation ${id}: expected a period of at most a year`;
  const all = Object.entries(amounts);
  if (all.length === 0) return `reservation ${id}: expected amounts, such as slots, got none`;
  const wrong = all.find(
    ([name, amount]) =>
      name === "" || name.length > nameLengthMax || !(amount > 0 && Number.isFinite(amount)),
  );
  return wrong && `reservation ${id}: expected amounts above 0, got ${wrong[1]} of ${wrong[0]}`;
}

/** Returns the labels of the agents that the reservation is for, in words. Empty for all of the pool. */
function thereOf({ agents }: ReadOnly<Pick<Reservation, "agents">>): string {
  return agents === undefined ? "" : selectorText(agents);
}

/**
 * Returns the amount that is too small for a part of the time, if any, of the pool or of its agents with these
 * labels.
 */
function tightnessOf(
  { reservations: stored }: LedgerView,
  requested: Reservation,
  capacity: Readonly<Record<string, number>>,
  there: string,
): Refusal | undefined {
  const pool = poolOf(requested);
  const span = spanOf(requested);
  const others = [...stored.values()].filter(({ value }) => {
    const { fromMs, toMs } = spanOf(value);
    const isThere = poolOf(value) === pool && (there === "" || thereOf(value) === there);
    return isThere && fromMs < span.toMs && toMs > span.fromMs;
  });
  for (const [name, amount] of Object.entries(requested.amounts)) {
    const all = capacity[name] ?? 0;
    const own = others.filter(({ value }) => (value.amounts[name] ?? 0) > 0);
    // The overlap changes only at the start of a reservation.
    for (const atMs of [
      span.fromMs,
      ...own.map(({ value }) => spanOf(value).fromMs).filter((at) => at > span.fromMs),
    ]) {
      const present = own.filter(({ value }) => {
        const { fromMs, toMs } = spanOf(value);
        return fromMs <= atMs && toMs > atMs;
      });
      const reserved = present.reduce((sum, { value }) => sum + (value.amounts[name] ?? 0), 0);
      if (reserved + amount <= all) continue;
      const holders = present.map(
        ({ value }) =>
          `${value.reservationId} holds ${value.amounts[name] ?? 0} until ${new Date(spanOf(value).toMs).toISOString()}`,
      );
      return ledgerErrors.noRoom.refusal({
        name,
        amount,
        pool,
        there,
        capacity: all,
        others: holders.join(", "),
      });
    }
  }
  return undefined;
}
