import { ReservationCancelledV1, ReservedV1 } from "@tutti/contracts/session/v1";
import { since } from "../../index.ts";
import type { LedgerEvent } from "../state.ts";
import { arm } from "../timer.ts";

export const reserved: LedgerEvent<ReservedV1> = {
  type: "reserved",
  version: 1,
  codec: ReservedV1,
  described: true,
  evolve(ledger, { reservation, reserveMs, cause }, outstanding) {
    if (reservation === undefined) return;
    ledger.changes += 1;
    const kept = { value: reservation, ...since(reserveMs, cause, undefined, ledger.changes) };
    ledger.reservations.set(reservation.reservationId, kept);
    arm(ledger, outstanding);
  },
};

export const reservationCancelled: LedgerEvent<ReservationCancelledV1> = {
  type: "reservation_cancelled",
  version: 1,
  codec: ReservationCancelledV1,
  described: true,
  evolve(ledger, { reservationId }, outstanding) {
    ledger.changes += 1;
    ledger.reservations.delete(reservationId);
    arm(ledger, outstanding);
  },
};
