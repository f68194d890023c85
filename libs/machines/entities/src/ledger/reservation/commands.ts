/**
 * Reservations: made where there is room for all of their time, and taken away. What is set aside of agents with certain labels counts
 * against what there is in the pool, and beside what is set aside of the same labels against what these agents have.
 */
import { CancelReservation, LedgerChanged, Reservation, Reserve } from "@tutti/contracts/session/v1";
import { isRefusal, type ReadOnly, type Refusal, selectorText } from "@tutti/kernel";
import { decided, type KeptKind, sorted } from "../../index.ts";
import { ledgerErrors, words } from "../errors.ts";
import { aheadMaxMs, bytesMax, idLengthMax, nameLengthMax, reservationsMax } from "../limits.ts";
import { type Ledger, type LedgerCommand, type LedgerView, poolOf, spanOf } from "../state.ts";
import { reservationCancelled, reserved } from "./events.ts";

const reservations: KeptKind<Reservation> = {
  name: "reservation",
  codec: Reservation,
  max: reservationsMax,
  idLengthMax,
  bytesMax,
  idOf: ({ reservationId }: ReadOnly<Reservation>) => reservationId,
  bare: ({ reservationId, amounts, pool, agents, span, sessions, description }) => ({
    ...Reservation.create(),
    ...{ reservationId, amounts: sorted(amounts), pool, span, description },
    agents: agents && { ...agents, equals: sorted(agents.equals) },
    sessions: sessions && { ...sessions, equals: sorted(sessions.equals) },
  }),
  problem: reservationProblem,
};

export const reserve: LedgerCommand<Reserve, LedgerChanged> = {
  type: "reserve",
  codec: Reserve,
  reply: LedgerChanged,
  decide(ledger, { reservation, capacity, capacityThere }, step) {
    // Only read: what is kept is made of it.
    const asked = { value: reservation as Reservation | undefined, revision: 0, only: "new" as const };
    const found = decided(reservations, ledger.reservations as Ledger["reservations"], asked, words);
    if (isRefusal(found)) return found;
    if (found.kind === "same") return { revision: found.revision, existed: true, removed: false };
    const { fromMs, toMs } = spanOf(found.value);
    if (toMs <= step.nowMs || fromMs > step.nowMs + aheadMaxMs)
      return words.invalid(
        `reservation ${found.id}: expected a span that ends later than now and begins within a year, found ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`,
      );
    const tight =
      tightnessOf(ledger, found.value, capacity, "") ??
      (thereOf(found.value) === ""
        ? undefined
        : tightnessOf(ledger, found.value, capacityThere, thereOf(found.value)));
    if (tight !== undefined) return tight;
    step.emit(reserved, { reservation: found.value, reserveMs: step.nowMs, cause: step.cause });
    return { revision: ledger.changes, existed: false, removed: false };
  },
};

export const cancelReservation: LedgerCommand<CancelReservation, LedgerChanged> = {
  type: "cancel_reservation",
  codec: CancelReservation,
  reply: LedgerChanged,
  decide(ledger, { reservationId }, step) {
    const existed = ledger.reservations.has(reservationId);
    if (existed) step.emit(reservationCancelled, { reservationId });
    return { revision: ledger.changes, existed, removed: existed };
  },
};

function reservationProblem(reservation: Reservation): string | undefined {
  const { reservationId: id, amounts, agents } = reservation;
  const { fromMs, toMs } = spanOf(reservation);
  if (agents !== undefined && selectorText(agents) === "")
    return `reservation ${id}: expected labels that the agents must have, found none; name one, or leave \`agents\` out for all of the pool`;
  if (!(fromMs > 0 && toMs > fromMs)) return `reservation ${id}: expected a span with a beginning and an end`;
  if (toMs - fromMs > aheadMaxMs) return `reservation ${id}: expected a span of at most a year`;
  const all = Object.entries(amounts);
  if (all.length === 0) return `reservation ${id}: expected amounts, such as slots, found none`;
  const wrong = all.find(
    ([name, amount]) =>
      name === "" || name.length > nameLengthMax || !(amount > 0 && Number.isFinite(amount)),
  );
  return wrong && `reservation ${id}: expected amounts above 0, found ${wrong[1]} of ${wrong[0]}`;
}

/** The labels of the agents of which something is set aside, in words; empty for all of the pool. */
function thereOf({ agents }: ReadOnly<Pick<Reservation, "agents">>): string {
  return agents === undefined ? "" : selectorText(agents);
}

/** What has not so much left for all of the time, if anything, of the pool or of its agents with these labels. */
function tightnessOf(
  { reservations: kept }: LedgerView,
  wanted: Reservation,
  capacity: Readonly<Record<string, number>>,
  there: string,
): Refusal | undefined {
  const pool = poolOf(wanted);
  const span = spanOf(wanted);
  const others = [...kept.values()].filter(({ value }) => {
    const { fromMs, toMs } = spanOf(value);
    const isThere = poolOf(value) === pool && (there === "" || thereOf(value) === there);
    return isThere && fromMs < span.toMs && toMs > span.fromMs;
  });
  for (const [name, amount] of Object.entries(wanted.amounts)) {
    const all = capacity[name] ?? 0;
    const own = others.filter(({ value }) => (value.amounts[name] ?? 0) > 0);
    // What overlaps changes only where one of them begins.
    for (const atMs of [
      span.fromMs,
      ...own.map(({ value }) => spanOf(value).fromMs).filter((at) => at > span.fromMs),
    ]) {
      const present = own.filter(({ value }) => {
        const { fromMs, toMs } = spanOf(value);
        return fromMs <= atMs && toMs > atMs;
      });
      const taken = present.reduce((sum, { value }) => sum + (value.amounts[name] ?? 0), 0);
      if (taken + amount <= all) continue;
      const told = present.map(
        ({ value }) =>
          `${value.reservationId} holds ${value.amounts[name] ?? 0} until ${new Date(spanOf(value).toMs).toISOString()}`,
      );
      return ledgerErrors.noRoom.refusal({
        name,
        amount,
        pool,
        there,
        capacity: all,
        others: told.join(", "),
      });
    }
  }
  return undefined;
}
