/**
 * Instances that end and are used again, under faults: the archive is slow, forgets a completed
 * operation, the journal fails, the process dies, the archive is purged. Answers that were given stay true.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { accountKey, Bank, idsIn } from "./bank.fixture.ts";
import { type Door, doorMachine, enter, knock, leave, look, ring, silence, visit } from "./door.fixture.ts";

const [id = "", sender = ""] = idsIn(0, 2);

interface Endings {
  readonly keepMs: number;
  readonly idKeptMs: number;
  readonly smallEvents: number;
}

/** A bank of doors whose archive can be blocked at a kind of operation. */
class Doors {
  readonly bank: Bank;
  #barrier: PromiseWithResolvers<void> | undefined;

  constructor({ keepMs, idKeptMs, smallEvents }: Endings) {
    this.bank = new Bank(
      { tailBytesMax: 200, idleMs: 1_500, smallEvents },
      { machines: [doorMachine(keepMs, idKeptMs > 0)], retentionOf: () => ({ keepMs, idKeptMs }) },
    );
    this.bank.archivePass = async (operation) => {
      if (operation === "commit") await this.#barrier?.promise;
    };
  }

  hold(): void {
    this.#barrier ??= Promise.withResolvers();
  }

  release(): void {
    this.#barrier?.resolve();
    this.#barrier = undefined;
  }

  async restart(): Promise<void> {
    this.release();
    this.bank.crash();
    await this.bank.start();
  }
}

/** All possible states of the door, according to its answers. */
class Knowledge {
  readonly #endings: Endings;
  #doors: Door[] = [fresh];
  /** Ended and not kept: a restart may find them in the journal until the archive knows of the end. */
  #removed: Door[] = [];

  constructor(endings: Endings) {
    this.#endings = endings;
  }

  /** Applies a change, and its answer. `reported` is undefined if the answer was lost. */
  apply(label: string, change: (door: Door) => Door | undefined, reported: number | undefined): void {
    const before = this.#withEnds();
    const after = before.flatMap((door) => {
      const changed = change(door);
      const reply = changed?.count ?? 0;
      if (reported === undefined) return changed === undefined ? [door] : [door, changed];
      return reply === reported ? [changed ?? door] : [];
    });
    assert.ok(after.length > 0, `${label} told ${reported}, of ${JSON.stringify(before)}`);
    if (reported !== undefined) this.#removed = reported > 0 ? [] : before.filter(isEnded);
    this.#doors = after;
  }

  /** The door is gone, which is only possible if it had ended. */
  applyRemoval(label: string): void {
    const remaining = this.#doors.filter(({ inside }) => inside === 0);
    assert.ok(remaining.length > 0, `${label} found it gone, of ${JSON.stringify(this.#doors)}`);
    this.#doors = remaining;
  }

  observe(observed: Door | undefined): void {
    const possible = this.#withEnds();
    const found = possible.filter((door) => {
      const { inside, count, ringing } = observed ?? fresh;
      return door.inside === inside && door.count === count && door.ringing === ringing;
    });
    assert.ok(found.length > 0, `${JSON.stringify(observed)} was seen, of ${JSON.stringify(possible)}`);
    if (observed === undefined) this.#removed = possible.filter(isEnded);
    this.#doors = found;
  }

  /** A door that is not kept may be gone as soon as it has ended. */
  #withEnds(): Door[] {
    if (this.#endings.keepMs > 0) return this.#doors;
    const ended = this.#doors.filter(({ inside }) => inside === 0);
    return ended.length === 0 ? this.#doors : unique([...this.#doors, fresh, ...this.#removed]);
  }
}

const fresh: Door = { inside: 0, count: 0, ringing: false };

function isEnded({ inside, count }: Door): boolean {
  return inside === 0 && count > 0;
}

function unique(doors: readonly Door[]): Door[] {
  return [...new Map(doors.map((door) => [JSON.stringify(door), door])).values()];
}

const changes = {
  enter: (who: number) => (door: Door) =>
    door.inside === 0 ? { ...door, inside: who, count: door.count + 1 } : undefined,
  leave: (who: number) => (door: Door) =>
    door.inside === who ? { ...door, inside: 0, count: door.count + 1 } : undefined,
  knock: () => (door: Door) => (door.count > 0 ? { ...door, count: door.count + 1 } : undefined),
  ring: () => (door: Door) =>
    door.count > 0 && !door.ringing ? { ...door, ringing: true, count: door.count + 1 } : undefined,
  silence: () => (door: Door) =>
    door.ringing ? { ...door, ringing: false, count: door.count + 1 } : undefined,
};
const commands = { enter, leave, knock, ring, silence };

async function play(seed: number, endings: Endings): Promise<void> {
  const chance = seededChance(seed);
  const random = (below: number): number => Math.floor(chance.random() * below);
  const doors = new Doors(endings);
  const { bank } = doors;
  const knowledge = new Knowledge(endings);
  await bank.start();
  await bank.execute(sender, enter, { amountCents: 1 });
  let inside = 1;

  const send = async (name: keyof typeof commands): Promise<void> => {
    if (name === "enter") inside = random(1_000) + 1;
    const body = { amountCents: inside };
    const key = random(3) === 0 ? `key ${chance.random()}` : "";
    let reported: number | undefined | "gone";
    const answer = bank.submit(id, commands[name], body, key).then(
      ({ balanceCents }) => {
        reported = balanceCents;
      },
      (error: { code?: string }) => {
        reported = error.code === "runtime.id_taken" ? "gone" : undefined;
      },
    );
    if (random(12) === 0) {
      await bank.time.advanceAsync(random(3));
      await doors.restart();
    }
    if (random(2) === 0) {
      await bank.time.advanceAsync(random(300));
      doors.release();
    }
    await Promise.race([bank.time.advanceAsync(1_500), answer]);
    doors.release();
    await bank.time.settle(answer);
    if (reported === "gone") knowledge.applyRemoval(name);
    else knowledge.apply(name, changes[name](inside), reported);
  };

  const observe = async (): Promise<void> => {
    doors.release();
    const pending = bank.runtime.query({ key: accountKey(id), query: look, body: undefined });
    const observed = await bank.time.settle(pending).catch(() => undefined);
    knowledge.observe(observed);
  };

  for (let steps = 0; steps < 60; steps++) {
    const choice = random(20);
    if (choice < 5) await send("enter");
    else if (choice < 9) await send("leave");
    else if (choice < 10) await send("knock");
    else if (choice < 11) await send(random(2) === 0 ? "ring" : "silence");
    else if (choice < 12) {
      await bank.time
        .settle(bank.submit(sender, visit, { amountCents: Number(id.slice(1)) }))
        .catch(() => {});
      doors.release();
      await bank.time.advanceAsync(2_500);
      knowledge.apply("visit", changes.knock(), undefined);
    } else if (choice < 14) await bank.time.advanceAsync(random(4) === 0 ? 4_000 : random(400));
    else if (choice < 16) doors.hold();
    else if (choice < 17) {
      const fault = random(2) === 0 ? "lost" : "unanswered";
      let remaining = 1 + random(2);
      bank.archiveFault = (operation) => (operation === "commit" && remaining-- > 0 ? fault : undefined);
    } else if (choice < 18) await doors.restart();
    else if (choice < 19) bank.commits.fail(random(2) === 0 ? "unknown-lost" : "unknown-landed");
    else await observe();
  }
  await doors.restart();
  await observe();
}

describe("an instance without retention that ends and is used again while the archive records the end", () => {
  const endings = { keepMs: 0, idKeptMs: 0, smallEvents: 1_000 };

  /** A person was inside for so long that the earlier journal is cut, and has left. The archive does not know yet. */
  async function leaving(): Promise<Doors> {
    const doors = new Doors(endings);
    const { bank } = doors;
    await bank.start();
    await bank.execute(id, enter, { amountCents: 1 });
    await bank.time.advanceAsync(25_000);
    await bank.execute(id, leave, { amountCents: 1 });
    doors.hold();
    await bank.time.advanceAsync(500);
    return doors;
  }

  const isInside = async ({ bank }: Doors) =>
    (await bank.time.settle(bank.runtime.query({ key: accountKey(id), query: look, body: undefined })))
      .inside;

  it("restarts, and still exists after the partition reloads", async () => {
    const doors = await leaving();
    const { bank } = doors;
    const entering = bank.submit(id, enter, { amountCents: 2 });
    await bank.time.advanceAsync(500);
    doors.release();
    assert.deepEqual(await bank.time.settle(entering), { balanceCents: 1 });
    assert.equal(await isInside(doors), 2);
    await doors.restart();
    assert.equal(await isInside(doors), 2);
    assert.deepEqual(await bank.execute(id, enter, { amountCents: 3 }), { balanceCents: 0 });
  });

  it("processes commands in order of arrival", async () => {
    const doors = await leaving();
    const { bank } = doors;
    const submitted = [enter, knock, leave, enter].map((command, index) =>
      bank.submit(id, command, { amountCents: index < 3 ? 2 : 3 }),
    );
    await bank.time.advanceAsync(500);
    doors.release();
    const counts = (await bank.time.settle(Promise.all(submitted))).map(({ balanceCents }) => balanceCents);
    assert.deepEqual(counts, [1, 2, 3, 4]);
  });

  it("answers a repeated key as before, and questions, without waiting", async () => {
    const doors = new Doors(endings);
    const { bank } = doors;
    await bank.start();
    await bank.execute(id, enter, { amountCents: 1 });
    await bank.time.advanceAsync(25_000);
    await bank.execute(id, leave, { amountCents: 1 }, "leaving");
    doors.hold();
    await bank.time.advanceAsync(500);
    assert.equal(await isInside(doors), 0);
    assert.deepEqual(await bank.execute(id, leave, { amountCents: 1 }, "leaving"), { balanceCents: 2 });
  });

  it("also waits if the archive applied the commit without confirming it", async () => {
    const doors = await leaving();
    const { bank } = doors;
    let isUnanswered = true;
    bank.archiveFault = (operation) => {
      if (operation !== "commit" || !isUnanswered) return;
      isUnanswered = false;
      return "unanswered";
    };
    doors.release();
    await bank.time.advanceAsync(20);
    doors.hold();
    const entering = bank.submit(id, enter, { amountCents: 2 });
    await bank.time.advanceAsync(10_000);
    doors.release();
    assert.deepEqual(await bank.time.settle(entering), { balanceCents: 1 });
    await doors.restart();
    assert.equal(await isInside(doors), 2);
  });

  it("restarts after the partition reloads, if the reload comes before the archive has the end", async () => {
    const doors = await leaving();
    const { bank } = doors;
    const entering = bank.submit(id, enter, { amountCents: 2 });
    await bank.time.advanceAsync(100);
    bank.commits.fail("unknown-lost");
    await bank.codeOf(bank.submit(sender, enter, { amountCents: 1 }));
    doors.release();
    assert.ok((await bank.time.settle(entering)).balanceCents > 0);
    assert.equal(await isInside(doors), 2);
  });
});

describe("an instance that ended, is kept, and continues", () => {
  for (const [source, smallEvents] of [
    ["its history", 1_000],
    ["a snapshot", 0],
  ] as const) {
    it(`still exists if the partition reloads before it is archived again (by ${source})`, async () => {
      const doors = new Doors({ keepMs: 3_600_000, idKeptMs: 0, smallEvents });
      const { bank } = doors;
      await bank.start();
      await bank.execute(id, enter, { amountCents: 1 });
      await bank.execute(id, leave, { amountCents: 1 });
      await bank.time.advanceAsync(25_000);
      await bank.execute(id, enter, { amountCents: 2 });
      // Long enough for its line, and too short for more.
      await bank.time.advanceAsync(600);
      await doors.restart();
      assert.deepEqual(await bank.execute(id, enter, { amountCents: 3 }), { balanceCents: 0 });
      assert.deepEqual(await bank.execute(id, leave, { amountCents: 2 }), { balanceCents: 4 });
    });
  }
});

// Some of these seeds fail for every fault of this kind that was ever found.
describe("an instance that ends and is used again, with random interruptions", () => {
  for (const [name, endings] of [
    ["and is not kept", { keepMs: 0, idKeptMs: 0, smallEvents: 1_000 }],
    ["and is not kept, but its id for a while", { keepMs: 0, idKeptMs: 3_600_000, smallEvents: 1_000 }],
    ["and is kept by its history", { keepMs: 3_600_000, idKeptMs: 0, smallEvents: 1_000 }],
    ["and is kept by a snapshot", { keepMs: 3_600_000, idKeptMs: 0, smallEvents: 0 }],
  ] as const) {
    for (const from of [91, 111, 131, 151]) {
      it(`${name}: every acknowledged change is kept (seeds ${from} to ${from + 19})`, async () => {
        const failed: string[] = [];
        for (let seed = from; seed < from + 20; seed++) {
          await play(seed, endings).catch((error: Error) => {
            failed.push(`seed ${seed}: ${error.message}`);
          });
        }
        assert.deepEqual(failed, []);
      });
    }
  }
});
