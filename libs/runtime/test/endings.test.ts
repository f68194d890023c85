/**
 * Instances that end and are used again, under faults: the archive is slow, forgets a completed
 * operation, the journal fails, the process dies, the archive is purged. Answers that were given stay true.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { accountKey, Bank, idsIn } from "./bank.fixture.ts";
import { type Door, doorKept, enter, knock, leave, look, ring, silence, visit } from "./door.fixture.ts";

const [id = "", sender = ""] = idsIn(0, 2);

interface Endings {
  readonly keepMs: number;
  readonly idKeptMs: number;
  readonly smallEvents: number;
}

/** A bank of doors whose archive can be blocked at a kind of operation. */
class Doors {
  readonly bank: Bank;
  #held: PromiseWithResolvers<void> | undefined;

  constructor({ keepMs, idKeptMs, smallEvents }: Endings) {
    this.bank = new Bank(
      { tailBytesMax: 200, idleMs: 1_500, smallEvents },
      { machines: [doorKept(keepMs, idKeptMs > 0)], retentionOf: () => ({ keepMs, idKeptMs }) },
    );
    this.bank.archivePass = async (operation) => {
      if (operation === "commit") await this.#held?.promise;
    };
  }

  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  letThrough(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  async restart(): Promise<void> {
    this.letThrough();
    this.bank.crash();
    await this.bank.start();
  }
}

/** All possible states of the door, according to its answers. */
class Knowledge {
  readonly #endings: Endings;
  #doors: Door[] = [fresh];
  /** Ended and not kept: a restart may find them in the journal until the archive knows of the end. */
  #gone: Door[] = [];

  constructor(endings: Endings) {
    this.#endings = endings;
  }

  /** Applies a change, and its answer. `told` is undefined if the answer was lost. */
  take(what: string, change: (door: Door) => Door | undefined, told: number | undefined): void {
    const before = this.#withEnds();
    const after = before.flatMap((door) => {
      const changed = change(door);
      const reply = changed?.count ?? 0;
      if (told === undefined) return changed === undefined ? [door] : [door, changed];
      return reply === told ? [changed ?? door] : [];
    });
    assert.ok(after.length > 0, `${what} told ${told}, of ${JSON.stringify(before)}`);
    if (told !== undefined) this.#gone = told > 0 ? [] : before.filter(isEnded);
    this.#doors = after;
  }

  /** The door is gone, which is only possible if it had ended. */
  takeGone(what: string): void {
    const left = this.#doors.filter(({ inside }) => inside === 0);
    assert.ok(left.length > 0, `${what} found it gone, of ${JSON.stringify(this.#doors)}`);
    this.#doors = left;
  }

  see(seen: Door | undefined): void {
    const possible = this.#withEnds();
    const found = possible.filter((door) => {
      const { inside, count, ringing } = seen ?? fresh;
      return door.inside === inside && door.count === count && door.ringing === ringing;
    });
    assert.ok(found.length > 0, `${JSON.stringify(seen)} was seen, of ${JSON.stringify(possible)}`);
    if (seen === undefined) this.#gone = possible.filter(isEnded);
    this.#doors = found;
  }

  /** A door that is not kept may be gone as soon as it has ended. */
  #withEnds(): Door[] {
    if (this.#endings.keepMs > 0) return this.#doors;
    const ended = this.#doors.filter(({ inside }) => inside === 0);
    return ended.length === 0 ? this.#doors : unique([...this.#doors, fresh, ...this.#gone]);
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
  const drawn = (below: number): number => Math.floor(chance.random() * below);
  const doors = new Doors(endings);
  const { bank } = doors;
  const knowledge = new Knowledge(endings);
  await bank.start();
  await bank.do(sender, enter, { amountCents: 1 });
  let inside = 1;

  const say = async (name: keyof typeof commands): Promise<void> => {
    if (name === "enter") inside = drawn(1_000) + 1;
    const body = { amountCents: inside };
    const key = drawn(3) === 0 ? `key ${chance.random()}` : "";
    let told: number | undefined | "gone";
    const answer = bank.submit(id, commands[name], body, key).then(
      ({ balanceCents }) => {
        told = balanceCents;
      },
      (error: { code?: string }) => {
        told = error.code === "runtime.id_taken" ? "gone" : undefined;
      },
    );
    if (drawn(12) === 0) {
      await bank.time.advanceAsync(drawn(3));
      await doors.restart();
    }
    if (drawn(2) === 0) {
      await bank.time.advanceAsync(drawn(300));
      doors.letThrough();
    }
    await Promise.race([bank.time.advanceAsync(1_500), answer]);
    doors.letThrough();
    await bank.time.settle(answer);
    if (told === "gone") knowledge.takeGone(name);
    else knowledge.take(name, changes[name](inside), told);
  };

  const see = async (): Promise<void> => {
    doors.letThrough();
    const asked = bank.runtime.query({ key: accountKey(id), query: look, body: undefined });
    const seen = await bank.time.settle(asked).catch(() => undefined);
    knowledge.see(seen);
  };

  for (let steps = 0; steps < 60; steps++) {
    const what = drawn(20);
    if (what < 5) await say("enter");
    else if (what < 9) await say("leave");
    else if (what < 10) await say("knock");
    else if (what < 11) await say(drawn(2) === 0 ? "ring" : "silence");
    else if (what < 12) {
      await bank.time
        .settle(bank.submit(sender, visit, { amountCents: Number(id.slice(1)) }))
        .catch(() => {});
      doors.letThrough();
      await bank.time.advanceAsync(2_500);
      knowledge.take("visit", changes.knock(), undefined);
    } else if (what < 14) await bank.time.advanceAsync(drawn(4) === 0 ? 4_000 : drawn(400));
    else if (what < 16) doors.hold();
    else if (what < 17) {
      const fault = drawn(2) === 0 ? "lost" : "unanswered";
      let left = 1 + drawn(2);
      bank.archiveFault = (operation) => (operation === "commit" && left-- > 0 ? fault : undefined);
    } else if (what < 18) await doors.restart();
    else if (what < 19) bank.commits.fail(drawn(2) === 0 ? "unknown-lost" : "unknown-landed");
    else await see();
  }
  await doors.restart();
  await see();
}

describe("an instance that ends, is not kept, and is used again while the archive learns of the end", () => {
  const endings = { keepMs: 0, idKeptMs: 0, smallEvents: 1_000 };

  /** A person was inside for so long that the earlier journal is cut, and has left. The archive does not know yet. */
  async function leaving(): Promise<Doors> {
    const doors = new Doors(endings);
    const { bank } = doors;
    await bank.start();
    await bank.do(id, enter, { amountCents: 1 });
    await bank.time.advanceAsync(25_000);
    await bank.do(id, leave, { amountCents: 1 });
    doors.hold();
    await bank.time.advanceAsync(500);
    return doors;
  }

  const isInside = async ({ bank }: Doors) =>
    (await bank.time.settle(bank.runtime.query({ key: accountKey(id), query: look, body: undefined })))
      .inside;

  it("restarts, and is still there when the partition is loaded again", async () => {
    const doors = await leaving();
    const { bank } = doors;
    const entering = bank.submit(id, enter, { amountCents: 2 });
    await bank.time.advanceAsync(500);
    doors.letThrough();
    assert.deepEqual(await bank.time.settle(entering), { balanceCents: 1 });
    assert.equal(await isInside(doors), 2);
    await doors.restart();
    assert.equal(await isInside(doors), 2);
    assert.deepEqual(await bank.do(id, enter, { amountCents: 3 }), { balanceCents: 0 });
  });

  it("takes what came in the order in which it came", async () => {
    const doors = await leaving();
    const { bank } = doors;
    const said = [enter, knock, leave, enter].map((command, index) =>
      bank.submit(id, command, { amountCents: index < 3 ? 2 : 3 }),
    );
    await bank.time.advanceAsync(500);
    doors.letThrough();
    const counts = (await bank.time.settle(Promise.all(said))).map(({ balanceCents }) => balanceCents);
    assert.deepEqual(counts, [1, 2, 3, 4]);
  });

  it("answers a repeated key as before, and questions, without waiting", async () => {
    const doors = new Doors(endings);
    const { bank } = doors;
    await bank.start();
    await bank.do(id, enter, { amountCents: 1 });
    await bank.time.advanceAsync(25_000);
    await bank.do(id, leave, { amountCents: 1 }, "leaving");
    doors.hold();
    await bank.time.advanceAsync(500);
    assert.equal(await isInside(doors), 0);
    assert.deepEqual(await bank.do(id, leave, { amountCents: 1 }, "leaving"), { balanceCents: 2 });
  });

  it("gets nothing more either when the archive did what it was asked and failed to say so", async () => {
    const doors = await leaving();
    const { bank } = doors;
    let isUnanswered = true;
    bank.archiveFault = (operation) => {
      if (operation !== "commit" || !isUnanswered) return;
      isUnanswered = false;
      return "unanswered";
    };
    doors.letThrough();
    await bank.time.advanceAsync(20);
    doors.hold();
    const entering = bank.submit(id, enter, { amountCents: 2 });
    await bank.time.advanceAsync(10_000);
    doors.letThrough();
    assert.deepEqual(await bank.time.settle(entering), { balanceCents: 1 });
    await doors.restart();
    assert.equal(await isInside(doors), 2);
  });

  it("is started where the partition is loaded next, when that happens before it has left", async () => {
    const doors = await leaving();
    const { bank } = doors;
    const entering = bank.submit(id, enter, { amountCents: 2 });
    await bank.time.advanceAsync(100);
    bank.commits.fail("unknown-lost");
    await bank.codeOf(bank.submit(sender, enter, { amountCents: 1 }));
    doors.letThrough();
    assert.ok((await bank.time.settle(entering)).balanceCents > 0);
    assert.equal(await isInside(doors), 2);
  });
});

describe("what has ended, is kept, and continues", () => {
  for (const [how, smallEvents] of [
    ["its history", 1_000],
    ["a snapshot", 0],
  ] as const) {
    it(`is there when the partition is loaded again before it is kept again (by ${how})`, async () => {
      const doors = new Doors({ keepMs: 3_600_000, idKeptMs: 0, smallEvents });
      const { bank } = doors;
      await bank.start();
      await bank.do(id, enter, { amountCents: 1 });
      await bank.do(id, leave, { amountCents: 1 });
      await bank.time.advanceAsync(25_000);
      await bank.do(id, enter, { amountCents: 2 });
      // Long enough for its line, and too short for more.
      await bank.time.advanceAsync(600);
      await doors.restart();
      assert.deepEqual(await bank.do(id, enter, { amountCents: 3 }), { balanceCents: 0 });
      assert.deepEqual(await bank.do(id, leave, { amountCents: 2 }), { balanceCents: 4 });
    });
  }
});

// Some of these seeds fail for every fault of this kind that was ever found.
describe("what ends and is wanted again, over everything that may happen meanwhile", () => {
  for (const [name, endings] of [
    ["and is not kept", { keepMs: 0, idKeptMs: 0, smallEvents: 1_000 }],
    ["and is not kept, but its id for a while", { keepMs: 0, idKeptMs: 3_600_000, smallEvents: 1_000 }],
    ["and is kept by its history", { keepMs: 3_600_000, idKeptMs: 0, smallEvents: 1_000 }],
    ["and is kept by a snapshot", { keepMs: 3_600_000, idKeptMs: 0, smallEvents: 0 }],
  ] as const) {
    for (const from of [91, 111, 131, 151]) {
      it(`${name}: nothing of it that was answered is lost (seeds ${from} to ${from + 19})`, async () => {
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
