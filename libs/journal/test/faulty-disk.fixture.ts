import assert from "node:assert/strict";
import { it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import fc from "fast-check";
import { type Operation, partitions, Trial } from "./trial.fixture.ts";

const partition = fc.nat({ max: partitions - 1 });
const append = fc.record({
  kind: fc.constant("append" as const),
  partition,
  bytes: fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 300 }) }, fc.nat({ max: 9_000 })),
});
const commit = fc.constant({ kind: "commit" } as const);
const ordinary: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: append },
  { weight: 5, arbitrary: commit },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("seal" as const), partition }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("truncate" as const), partition, keep: fc.nat({ max: 5 }) }),
  },
);
const mode = fc.constantFrom("graceful" as const, "process" as const, "power" as const);
const rough: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 15, arbitrary: ordinary },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), mode }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("power fails" as const), after: fc.nat({ max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: "fill" } as const, { kind: "make room" } as const) },
);

const share = fc.constantFrom(0, 0, 0.05, 0.3);
/** Tests any operations on a faulty disk, `runs` times. */
export function faultyDiskTests(runs: number): void {
  it("have all that was acknowledged after any crash, and of the rest a beginning, each batch whole", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.record({ syncFails: share, writeFails: share, shortWrites: share }),
        fc.array(rough, { maxLength: 80, size: "max" }),
        async (seed, faults, operations) => {
          const trial = new Trial(seededChance(seed));
          trial.disk.faults = faults;
          await trial.run(operations);
          await trial.restart("power");
          await trial.restart("process");
        },
      ),
      { numRuns: runs },
    );
  });

  it("accept every append while the disk works", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.array(ordinary, { maxLength: 80, size: "max" }),
        async (seed, operations) => {
          const trial = new Trial(seededChance(seed));
          const appends = operations.filter(({ kind }) => kind === "append" || kind === "seal").length;
          await trial.run(operations);
          await trial.restart("graceful");
          const acknowledgedCount = trial.expected.reduce(
            (sum, { acknowledged }) => sum + acknowledged.length,
            0,
          );
          assert.equal(acknowledgedCount + trial.busy, appends);
        },
      ),
      { numRuns: Math.ceil(runs / 3) },
    );
  });

  it("never bring back batches that they omitted when they were opened", async () => {
    const append = { kind: "append", partition: 0, bytes: 0 } as const;
    const large = { ...append, bytes: 4_958 } as const;
    const commit = { kind: "commit" } as const;
    const opened = { kind: "restart", mode: "graceful" } as const;
    // Of 20,000 seeds, those in which truncated data came back.
    for (const seed of [1_362, 3_110, 3_564, 4_801, 4_943, 8_067, 8_631, 9_232, 1_574_473_166]) {
      const trial = new Trial(seededChance(seed));
      trial.disk.faults = { syncFails: 0, writeFails: 0.3, shortWrites: 0 };
      await trial.run([append, commit, append, commit, append, commit, { kind: "restart", mode: "power" }]);
      await trial.run([large, commit, opened, append, commit, opened]);
      await trial.restart("power");
    }
  });

  it("never bring back a group without its tail, even if the tail of another group is written there", async () => {
    const append = (bytes: number) => ({ kind: "append", partition: 0, bytes }) as const;
    const seal = { kind: "seal", partition: 0 } as const;
    const commit = { kind: "commit" } as const;
    const opened = (mode: "graceful" | "power") => ({ kind: "restart", mode }) as const;
    const trial = new Trial(seededChance(291_959_601));
    trial.disk.faults = { syncFails: 0.05, writeFails: 0.3, shortWrites: 0.3 };
    await trial.run([append(0), commit, opened("graceful"), append(0), commit, opened("power")]);
    await trial.run([append(0), append(8_587), append(186), commit, commit, opened("power")]);
    await trial.run([seal, seal, commit, append(0), commit, commit, opened("graceful")]);
    await trial.run([append(0), commit]);
    await trial.restart("power");
    await trial.restart("process");
  });

  it("have all acknowledged batches if the process dies while it starts a segment, and then the power fails", async () => {
    const large = { kind: "append", partition: 0, bytes: 9_000 } as const;
    const commit = { kind: "commit" } as const;
    for (let after = 0; after < 10; after++) {
      for (let seed = 0; seed < 8; seed++) {
        const trial = new Trial(seededChance(seed));
        await trial.run([large, commit, { kind: "power fails", after }, large, commit]);
        await trial.restart("process");
        await trial.run([{ kind: "seal", partition: 0 }, commit, { ...large, bytes: 10 }, commit]);
        await trial.restart("power");
      }
    }
  });
}
