import assert from "node:assert/strict";
import { it } from "node:test";
import { TuttiError } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import fc from "fast-check";
import { journalErrors } from "../src/errors.ts";
import { recover } from "../src/segments/recovery.ts";
import { batchesFrom, type LogPart, type MemoryDisk, partsOfLog } from "../src/testing/index.ts";
import { type Operation, Trial } from "./trial.fixture.ts";

const partition = fc.nat({ max: 2 });
const bytes = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 9_000 }));
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("append" as const), partition, bytes }) },
  { weight: 2, arbitrary: fc.constant({ kind: "commit" } as const) },
);
const operations = fc.array(operation, { minLength: 20, maxLength: 60 });
/** The part, the place in it, and the bit. */
const flip = fc.record({
  part: fc.double({ min: 0, max: 0.999, noNaN: true }),
  place: fc.double({ min: 0, max: 0.999, noNaN: true }),
  bit: fc.nat({ max: 7 }),
});
type Flip = typeof flip extends fc.Arbitrary<infer F> ? F : never;

/** Flips a bit in one of the parts. Returns the part and the place. */
function flipIn(disk: MemoryDisk, parts: readonly LogPart[], { part, place, bit }: Flip) {
  const hit = parts[Math.floor(part * parts.length)] ?? assert.fail("there is a part to hit");
  const offset = hit.from + Math.floor(place * (hit.to - hit.from));
  disk.flipBit(hit.file, offset, bit);
  return { hit, offset };
}

async function trialOf(seed: number, list: readonly Operation[]): Promise<Trial> {
  const trial = new Trial(seededChance(seed));
  await trial.run(list);
  return trial;
}

function damageOf(disk: MemoryDisk): TuttiError {
  try {
    recover(disk, false);
  } catch (error) {
    assert.ok(error instanceof TuttiError && journalErrors.corrupt.is(error), String(error));
    return error;
  }
  return assert.fail("the damage was not found");
}

/** Tests the effect of one flipped bit, `runs` times. */
export function bitFlipTests(runs: number): void {
  it("is found wherever a checksum or later data covers it, and reported with its file, position and batch", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), operations, flip, async (seed, list, place) => {
        const { disk } = await trialOf(seed, list);
        const parts = partsOfLog(disk).filter(({ kind }) => kind !== "last group");
        const { hit, offset } = flipIn(disk, parts, place);
        const { details } = damageOf(disk);
        assert.equal(details["file"], hit.file);
        const at = Number(details["offset"]);
        const group = parts.findLast(
          ({ file, kind, from }) => file === hit.file && kind !== "records" && from <= offset,
        );
        assert.ok(
          group !== undefined && at >= group.from && at < group.to,
          `reported at ${at}, was ${offset}`,
        );
        if (hit.kind !== "records") return;
        const records = parts.find(({ from, to, kind, file }) => {
          return file === hit.file && kind === "records" && from <= offset && offset < to;
        });
        assert.equal(details["service"], "workflow");
        assert.deepEqual(
          [Number(details["partition"]), Number(details["number"]), at],
          [records?.batch?.partition, records?.batch?.number, records?.from],
        );
      }),
      { numRuns: runs },
    );
  });

  it("costs only the last group, which nothing else covers, as after a crash", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), operations, flip, async (seed, list, place) => {
        const { disk } = await trialOf(seed, list);
        const before = recover(disk, false)?.groups ?? 0;
        const last = partsOfLog(disk).filter(({ kind }) => kind === "last group");
        fc.pre(last.length > 0);
        flipIn(disk, last, place);
        assert.equal(recover(disk, false)?.groups, before - 1);
      }),
      { numRuns: Math.ceil(runs / 4) },
    );
  });

  it("is found in the last batch too when the log was closed gracefully", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), operations, flip, async (seed, list, place) => {
        const trial = await trialOf(seed, list);
        await trial.restart("graceful");
        const parts = partsOfLog(trial.disk);
        const records = parts.filter(({ batch }) => batch !== undefined);
        fc.pre(records.length > 0);
        const { hit } = flipIn(trial.disk, records, place);
        assert.equal(damageOf(trial.disk).details["file"], hit.file);
      }),
      { numRuns: Math.ceil(runs / 4) },
    );
  });

  it("is found by a reader while the log is open, and reported with the batch it reads", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), operations, flip, async (seed, list, place) => {
        const trial = await trialOf(seed, list);
        const records = partsOfLog(trial.disk).filter(({ batch }) => batch !== undefined);
        fc.pre(records.length > 0);
        const { hit } = flipIn(trial.disk, records, place);
        const { partition: index = 0, number = 0 } = hit.batch ?? {};
        const read = batchesFrom(trial.journal.partition("workflow", index));
        // The end of the log may not have been reported yet.
        fc.pre(trial.journal.partition("workflow", index).last.number >= number);
        await assert.rejects(read, (error: unknown) => {
          assert.ok(error instanceof TuttiError && journalErrors.corrupt.is(error));
          assert.deepEqual(
            [error.details["partition"], error.details["number"]],
            [String(index), String(number)],
          );
          assert.match(error.message, new RegExp(`batch ${number} of partition ${index} of workflow`));
          return true;
        });
      }),
      { numRuns: Math.ceil(runs / 4) },
    );
  });
}
