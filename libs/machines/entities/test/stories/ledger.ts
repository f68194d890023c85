/** Histories that every release must read: recorded once by `npm run golden`. */
import { ClaimParts, Quota } from "@tutti/contracts/session/v1";
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import {
  cancelReservation,
  claimParts,
  dropQuota,
  keepQuota,
  leaseMs,
  ledger,
  reserve,
} from "../../src/ledger/index.ts";
import { ledgerKey, masterService, reservationOf } from "../../src/testing/ledger.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  /** A quota that two pools share, one of which disappears, and a deleted quota. */
  shared: (release) => {
    const driver = new MachineDriver({ machines: [ledger], service: masterService });
    const keep = (quotaId: string, limits: Record<string, number>, team: string) =>
      driver.execute(ledgerKey, keepQuota, {
        revision: 0,
        quota: Quota.create({ quotaId, limits, sessions: { equals: { team }, exists: [], absent: [] } }),
      });
    keep("default", { slots: 10, gpu: 2 }, "blue");
    keep("red", { slots: 3 }, "red");
    keep("red", { slots: 2 }, "red");
    const claim = (pool: string, used: number, wanted: number) =>
      driver.execute(
        ledgerKey,
        claimParts,
        ClaimParts.create({ pool, uses: [{ quotaId: "default", name: "slots", used, wanted }] }),
      );
    claim("one", 8, 4);
    claim("two", 0, 9);
    claim("one", 8, 4);
    claim("two", 0, 9);
    driver.execute(ledgerKey, dropQuota, { quotaId: "red" });
    driver.advance(leaseMs / 2);
    claim("two", 2, 9);
    driver.advance(leaseMs / 2);
    return goldenOf(driver, ledger, ledgerKey, release);
  },

  /** Three reservations. One is cancelled and one has ended. */
  reserved: (release) => {
    const driver = new MachineDriver({ machines: [ledger], service: masterService });
    const { nowMs } = driver;
    const reserveFor = (id: string, fromMs: number, toMs: number) =>
      driver.execute(ledgerKey, reserve, {
        reservation: reservationOf(id, { gpu: 1 }, nowMs + fromMs, nowMs + toMs),
        capacity: { gpu: 2 },
        capacityThere: {},
      });
    reserveFor("night", 0, 30_000);
    reserveFor("tests", 10_000, 90_000);
    reserveFor("later", 40_000, 500_000);
    driver.execute(ledgerKey, cancelReservation, { reservationId: "tests" });
    driver.advance(31_000);
    return goldenOf(driver, ledger, ledgerKey, release);
  },
};
