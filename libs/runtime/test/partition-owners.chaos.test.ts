/** Processes that come, go, die, freeze and are disconnected at random, and the invariants that must hold anyway. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { Cluster, type TestProcess } from "./partition-owners.fixture.ts";

const stepMs = 20;
const steps = 800;
/** `FROM=71 SEEDS=71` runs only that seed. */
const from = Number(process.env["FROM"] ?? 1);
const seeds = Number(process.env["SEEDS"] ?? 8);
const selected = Array.from({ length: seeds - from + 1 }, (_, index) => from + index);

/** Does something to the cluster now and then. */
class FaultInjector {
  readonly #cluster: Cluster;
  readonly #chance: { random(): number };
  readonly #leaving: Promise<unknown>[] = [];

  constructor(cluster: Cluster, seed: number) {
    this.#cluster = cluster;
    this.#chance = seededChance(seed);
  }

  inject(): void {
    const { alive } = this.#cluster;
    const [victim] = alive.toSorted(() => this.#chance.random() - 0.5);
    const kind = Math.floor(this.#chance.random() * 8);
    if (victim === undefined || (kind === 0 && alive.length < 5)) {
      const process = this.#cluster.open();
      this.#leaving.push(
        process.partitionOwner.start({ signal: new AbortController().signal }).catch(() => undefined),
      );
    } else if (kind === 1 && alive.length > 2) this.#cluster.kill(victim);
    else if (kind === 2) this.#freeze(victim);
    else if (kind === 3) this.#fail(victim, "cut");
    else if (kind === 4) this.#fail(victim, "silent");
    else if (kind === 5) victim.store.faults.delayMs = Math.floor(this.#chance.random() * 400);
    else if (kind === 6) this.#cluster.time.jumpWallClock((this.#chance.random() - 0.5) * 100_000);
    else this.#burden(victim);
  }

  #freeze({ life }: TestProcess): void {
    life.stop();
    this.#cluster.time.after(this.#chance.random() * 5_000, () => life.resume());
  }

  #fail({ store: { faults } }: TestProcess, fault: "cut" | "silent"): void {
    faults.failing = fault;
    this.#cluster.time.after(this.#chance.random() * 3_000, () => {
      faults.failing = "no";
      faults.delayMs = 0;
    });
  }

  #burden({ runtime }: TestProcess): void {
    runtime.ownMs = this.#chance.random() * 300;
    runtime.disownMs = this.#chance.random() * 1_000;
    for (let partition = 0; partition < this.#cluster.partitions; partition++) {
      runtime.loads.set(partition, this.#chance.random() * 0.4);
    }
  }
}

/** Checks that answers from memory contain every write of all processes. */
function checkReads(cluster: Cluster): void {
  for (const { name, runtime } of cluster.alive) {
    for (let partition = 0; partition < cluster.partitions; partition++) {
      const read = runtime.read(partition);
      if (read === undefined) continue;
      assert.equal(read, cluster.journals.written(partition), `${name} answers for ${partition}`);
    }
  }
}

function writeEverywhere(cluster: Cluster): void {
  for (const { runtime, life } of cluster.alive) {
    if (life.stopped) continue;
    for (let partition = 0; partition < cluster.partitions; partition++) runtime.write(partition);
  }
}

describe("partition owners of a cluster in bad times", () => {
  for (const seed of selected) {
    it(`return no stale reads, and own every partition after the faults end (seed ${seed})`, async () => {
      const cluster = new Cluster({ seed, drift: 0.1, ...(seed % 2 === 0 && { prepareMs: seed * 100 }) });
      const injector = new FaultInjector(cluster, seed);
      try {
        await cluster.join();
        await cluster.join();
        for (let step = 0; step < steps; step++) {
          if (step % 12 === 0) injector.inject();
          await cluster.time.advanceAsync(stepMs);
          // A stopped process does not write. The answer that it would give at its next instruction is checked.
          checkReads(cluster);
          writeEverywhere(cluster);
          checkReads(cluster);
        }
        for (const { store, life } of cluster.alive) {
          life.resume();
          Object.assign(store.faults, { failing: "no", delayMs: 0 });
        }
        await cluster.time.advanceAsync(6_000);
        await cluster.until(() => !/[.!]/.test(cluster.owners()), 10_000);
        writeEverywhere(cluster);
        checkReads(cluster);
      } finally {
        await cluster.close();
      }
    });
  }
});
