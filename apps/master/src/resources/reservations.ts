/** Reservations: created if their pool has room, deleted, read. */
import {
  type CreateReservationReply,
  type CreateReservationRequest,
  type DeleteReservationRequest,
  type ListReservationsReply,
  type ListReservationsRequest,
  Reservation,
} from "@tutti/contracts/session/v1";
import type { PoolGroup } from "@tutti/contracts/swarm/v1";
import { spanOf } from "@tutti/host";
import { execute } from "@tutti/host/serving";
import { type CallContext, fromTimestamp, pageOf, type ReadOnly } from "@tutti/kernel";
import type { Stored } from "@tutti/machine-entities";
import { cancelReservation, ledgerErrors, reserve } from "@tutti/machine-entities/ledger";
import { contentsOf, ledgerOf, type ResourceDependencies } from "./resource-dependencies.ts";

export async function createReservation(
  dependencies: ResourceDependencies,
  { reservation = Reservation.create() }: CreateReservationRequest,
  context: CallContext,
): Promise<CreateReservationReply> {
  const { namespace } = context;
  const pool = reservation.pool || "default";
  const { agents } = reservation;
  const use = await dependencies.pools.getPoolUse({ namespace, pool, agents }, { context });
  const body = {
    reservation,
    capacity: capacityIn(use),
    // Reported before the amounts that were only requested.
    capacityThere: agents === undefined ? {} : capacityIn(use.groups[0]),
  };
  // A repetition is recognised by its id.
  const call = { command: reserve, body, idempotencyKey: "" };
  const { existed } = await execute(dependencies, ledgerOf(namespace), call, context);
  return { reservation: await reservationNamed(dependencies, reservation.reservationId, context), existed };
}

function capacityIn(use: Pick<PoolGroup, "resources"> | undefined): Record<string, number> {
  return Object.fromEntries((use?.resources ?? []).map(({ name, capacity }) => [name, capacity]));
}

export async function reservationNamed(
  dependencies: ResourceDependencies,
  id: string,
  context: CallContext,
): Promise<Reservation> {
  const { reservations } = await contentsOf(dependencies, context);
  const stored = reservations.find(({ value }) => value.reservationId === id);
  if (stored === undefined) throw ledgerErrors.missing({ name: "reservation", id });
  return reservationMessage(stored, context);
}

export async function listReservations(
  dependencies: ResourceDependencies,
  { pool, span, page }: ListReservationsRequest,
  context: CallContext,
): Promise<ListReservationsReply> {
  const { from, to } = spanOf(span);
  const { reservations } = await contentsOf(dependencies, context);
  const matching = reservations
    .map((stored) => reservationMessage(stored, context))
    .filter((reservation) => {
      const isThere = pool === "" || (reservation.pool || "default") === pool;
      return isThere && (span === undefined || (startOf(reservation) < to && endOf(reservation) > from));
    });
  const keyOf = (reservation: Reservation) =>
    `${String(startOf(reservation)).padStart(16, "0")} ${reservation.reservationId}`;
  matching.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const list = ["reservations", context.namespace, pool, from, to];
  const { items, nextToken } = pageOf(matching, { list, keyOf }, page);
  return { reservations: items, page: { nextToken, total: matching.length } };
}

export async function deleteReservation(
  dependencies: ResourceDependencies,
  { reservationId, reason }: DeleteReservationRequest,
  context: CallContext,
) {
  const call = { command: cancelReservation, body: { reservationId }, reason, idempotencyKey: "" };
  const { removed } = await execute(dependencies, ledgerOf(context.namespace), call, context);
  return { removed };
}

function reservationMessage(
  { value, cause, revision }: ReadOnly<Stored<Reservation>>,
  { namespace }: CallContext,
): Reservation {
  // Only read.
  const reservation = value as Reservation;
  return {
    ...reservation,
    namespace,
    revision: `a${revision}`,
    createCause: cause as Reservation["createCause"],
  };
}

export function startOf({ span }: ReadOnly<Pick<Reservation, "span">>): number {
  return span?.from === undefined ? 0 : fromTimestamp(span.from);
}

export function endOf({ span }: ReadOnly<Pick<Reservation, "span">>): number {
  return span?.to === undefined ? 0 : fromTimestamp(span.to);
}
