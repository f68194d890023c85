/** Random commands to one ledger: few quotas, pools and periods, so that they interact. */
import {
  CancelReservation,
  ClaimParts,
  DropQuota,
  KeepQuota,
  Quota,
  Reservation,
  Reserve,
} from "@tutti/contracts/session/v1";
import { toTimestamp } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc from "fast-check";

/** Name of the service that hosts ledgers. */
export const masterService = "master";
export const ledgerKey = { namespace: "default", kind: "ledger", id: "default" };

export function reservationOf(
  reservationId: string,
  amounts: Record<string, number>,
  fromMs: number,
  toMs: number,
): Reservation {
  const span = { from: toTimestamp(fromMs), to: toTimestamp(toMs) };
  return Reservation.create({ reservationId, amounts, span });
}

const ids = fc.oneof({ weight: 20, arbitrary: fc.constantFrom("a", "b") }, fc.constant(""));
const names = fc.constantFrom("slots", "slots", "gpu");
const quotas = fc
  .record({
    quotaId: ids,
    limits: fc.dictionary(names, fc.constantFrom(0, 1, 4, 9), { maxKeys: 2 }),
    weight: fc.constantFrom(0, 0, 0, 0, 2),
  })
  .map((quota) => Quota.create(quota));
const uses = fc.uniqueArray(
  fc.record({ quotaId: fc.constantFrom("a", "b"), name: names, used: fc.nat(5), wanted: fc.nat(5) }),
  { maxLength: 3, selector: ({ quotaId, name }) => `${quotaId} ${name}` },
);
/** Start of the clock of a driver. */
const beginMs = 1_767_225_600_000;
const reservations = fc
  .record({
    ...{ id: ids, gpu: fc.constantFrom(0, 1, 2), zone: fc.constantFrom("", "", "a", "b") },
    ...{ fromMs: fc.nat(120_000), forMs: fc.nat(120_000) },
  })
  .map(({ id, gpu, zone, fromMs, forMs }) => ({
    ...reservationOf(id, { gpu }, beginMs + fromMs, beginMs + fromMs + forMs),
    agents: zone === "" ? undefined : { equals: { zone }, exists: [], absent: [] },
  }));

/** Operations for properties. A failing sequence is reduced. */
export function operations(): fc.Arbitrary<MachineCall> {
  const call = (command: string, body: fc.Arbitrary<object>) =>
    body.map((drawn) => ({ key: ledgerKey, command, body: drawn }));
  return fc.oneof(
    {
      weight: 4,
      arbitrary: call(
        "keep_quota",
        fc
          .record({ quota: quotas, revision: fc.constantFrom(0, 0, 1) })
          .map((body) => KeepQuota.create(body)),
      ),
    },
    {
      weight: 1,
      arbitrary: call(
        "drop_quota",
        ids.map((quotaId) => DropQuota.create({ quotaId })),
      ),
    },
    {
      weight: 3,
      arbitrary: call(
        "reserve",
        reservations.map((reservation) =>
          Reserve.create({ reservation, capacity: { gpu: 3 }, capacityThere: { gpu: 2 } }),
        ),
      ),
    },
    {
      weight: 1,
      arbitrary: call(
        "cancel_reservation",
        ids.map((reservationId) => CancelReservation.create({ reservationId })),
      ),
    },
    {
      weight: 8,
      arbitrary: call(
        "claim_parts",
        fc
          .record({ pool: fc.constantFrom("one", "two", "three", ""), uses })
          .map((body) => ClaimParts.create(body as ClaimParts)),
      ),
    },
  );
}
