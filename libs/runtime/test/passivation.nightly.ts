/**
 * A million instances that sleep in a real archive: their cost, and that a restart loads none of them before its time.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  type ArchivePartition,
  type IndexEntry,
  type InstanceSnapshot,
  openArchiveInline,
} from "@tutti/journal";
import { systemClock } from "@tutti/kernel";
import { account } from "@tutti/machine-bank";
import { HostedMachine } from "../src/machines/hosted-machine.ts";
import { blankInstance } from "../src/partition/reviving.ts";
import { encodePartition, encodeSnapshot } from "../src/snapshots/snapshot.ts";
import { accountKey, Bank, partitionOf, partitions } from "./bank.fixture.ts";

const passivated = 1_000_000;
const perCommit = 2_000;
/** The first of them are due after an hour, a hundred each second. */
const firstDueMs = 3_600_000;
const perSecond = 100;

const hosted = new HostedMachine(account);

describe("a million instances that sleep", () => {
  it("cost disk, and wake at their moments", async (test) => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-sleepers-"));
    const bank = new Bank({ indexEveryMs: 60_000 });
    const archive = openArchiveInline(directory, {
      partitions,
      clock: bank.time,
      source: (partition) => bank.journal.partition("bank", partition),
    });
    try {
      await passivateAll(archive.partition.bind(archive), bank.time.now());
      const usedBefore = usedMiB();
      const startMs = systemClock.monotonic();
      bank.create({}, { archive });
      await bank.time.settle(bank.runtime.start());
      test.diagnostic(
        `${passivated} sleeping: ready after ${Math.round(systemClock.monotonic() - startMs)} ms, ` +
          `${(usedMiB() - usedBefore).toFixed(1)} MiB more`,
      );
      assert.equal(loadedIn(bank), 0);
      await bank.time.advanceAsync(firstDueMs - 1_000);
      assert.equal(loadedIn(bank), 0);
      await bank.time.advanceAsync(2_900);
      assert.ok(
        loadedIn(bank) >= 2 * perSecond && loadedIn(bank) <= 4 * perSecond,
        `${loadedIn(bank)} loaded`,
      );
      for (const [number, expected] of [
        [0, 100],
        [perSecond, 100],
        [passivated - 1, 50],
      ] as const) {
        assert.equal(await bank.balanceOf(`sleeper-${number}`), expected);
      }
      await bank.time.settle(bank.runtime.stop());
    } finally {
      await archive.close();
      await rm(directory, { recursive: true });
    }
  });
});

function loadedIn(bank: Bank): number {
  return bank.runtime.partitionStatuses().reduce((sum, { loaded }) => sum + loaded, 0);
}

async function passivateAll(archive: (partition: number) => ArchivePartition, nowMs: number): Promise<void> {
  const waiting = Array.from({ length: partitions }, () => ({
    snapshots: [] as InstanceSnapshot[],
    entries: [] as IndexEntry[],
    incarnations: 0,
    live: 3,
  }));
  const commit = async (partition: number): Promise<void> => {
    const { snapshots, entries, incarnations } = waiting[partition] as (typeof waiting)[number];
    const partitionSnapshot = encodePartition({
      batch: 0,
      epoch: 0,
      event: 0,
      eventBatch: 0,
      eventIndex: 0,
      incarnations,
      live: incarnations,
      pause: undefined,
      behaviours: [],
      letters: [],
      sent: [],
      taken: [],
      quarantined: [],
    });
    await archive(partition).commit(1, { coveredTo: 0, partitionSnapshot, snapshots, entries });
    snapshots.length = 0;
    entries.length = 0;
  };
  for (let partition = 0; partition < partitions; partition++) await archive(partition).opening(1);
  for (let number = 0; number < passivated; number++) {
    const id = `sleeper-${number}`;
    const partition = partitionOf(id);
    const to = waiting[partition] as (typeof waiting)[number];
    const dueMs = nowMs + firstDueMs + Math.floor(number / perSecond) * 1_000;
    const { snapshot, entry } = passivatedAccount(id, ++to.incarnations, nowMs, dueMs);
    to.snapshots.push(snapshot);
    to.entries.push(entry);
    if (to.entries.length === perCommit) await commit(partition);
  }
  for (let partition = 0; partition < partitions; partition++) await commit(partition);
}

/** Returns an account with half of its money on hold until `dueMs`. */
function passivatedAccount(id: string, incarnation: number, startMs: number, dueMs: number) {
  const key = accountKey(id);
  const instance = blankInstance(key, `default/account/${id}`, hosted);
  const state = instance.state as ReturnType<typeof account.create>;
  Object.assign(state, { standing: "open", owner: id, balanceCents: 50, paidInCents: 100, lastNumber: 1 });
  state.holds.set(1, { amountCents: 50, dueMs });
  Object.assign(instance, { incarnation, event: 2, startMs });
  const snapshot: InstanceSnapshot = {
    key,
    incarnation,
    snapshot: encodeSnapshot(instance, startMs, 1),
    dueMs,
    outstanding: false,
  };
  const entry: IndexEntry = {
    key,
    incarnation,
    status: WorkStatus.WORK_STATUS_RUNNING,
    definition: "",
    labels: {},
    startMs,
    endMs: 0,
    events: 2,
    last: { batch: 0, index: 0 },
    startedBy: new Uint8Array(0),
    keepUntilMs: 0,
    idKeptUntilMs: 0,
  };
  return { snapshot, entry };
}

function usedMiB(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / (1024 * 1024);
}
