/** The listener receives durable events, once each, in order. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MachineEvent } from "@tutti/kernel";
import { account, deposit } from "@tutti/machine-bank";
import type { MachineEventListener, NoteFactory } from "../src/index.ts";
import type { AnyMachine } from "../src/machines/hosted-machine.ts";
import { Bank, idsIn } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);

const brief: NoteFactory = ({ key, event, body, state, timeMs }) => ({
  ...{ id: key.id, event, timeMs, cents: (body as { amountCents: number }).amountCents },
  before: (state as { balanceCents: number }).balanceCents,
});

async function countedBank(createNote: NoteFactory = brief, machine: AnyMachine = account) {
  const published: unknown[][] = [];
  const deposited = machine.events.find(({ type }) => type === "money_deposited") ?? assert.fail();
  const eventListener: MachineEventListener = {
    notes: new Map<MachineEvent<unknown>, NoteFactory>([[deposited, createNote]]),
    handle: (notes) => void published.push([...notes]),
  };
  const effects = { dispatch() {}, withdraw() {}, eventListener };
  const bank = new Bank({}, { effects, machines: [machine] });
  await bank.start();
  await bank.open(ada, 5);
  return { bank, published };
}

const deposited = (bank: Bank, id: string, amountCents: number) => bank.execute(id, deposit, { amountCents });

describe("an event listener", () => {
  it("receives the requested events, with the state before the fold", async () => {
    const { bank, published } = await countedBank();
    await deposited(bank, ada, 3);
    await deposited(bank, ada, 4);
    const timeMs = bank.time.now();
    assert.deepEqual(
      published.flat().map((note) => ({ ...(note as object), timeMs })),
      [
        { id: ada, event: 2, timeMs, cents: 3, before: 5 },
        { id: ada, event: 3, timeMs, cents: 4, before: 8 },
      ],
    );
  });

  it("receives events when they are durable, those of a batch together", async () => {
    const { bank, published } = await countedBank();
    await bank.open(bob, 0);
    bank.commits.hold();
    const both = [ada, bob].map((id) => bank.submit(id, deposit, { amountCents: 1 }));
    await bank.time.advanceAsync(5);
    assert.equal(published.length, 0);
    bank.commits.open();
    await bank.time.settle(Promise.all(both));
    assert.deepEqual(
      published.map((notes) => notes.length),
      [2],
    );
  });

  it("receives nothing that never became durable, and receives the latest events again after a restart", async () => {
    const { bank, published } = await countedBank();
    await deposited(bank, ada, 3);
    bank.commits.hold();
    void bank.submit(ada, deposit, { amountCents: 4 });
    await bank.time.advanceAsync(5);
    bank.crash();
    await bank.start();
    await deposited(bank, ada, 7);
    assert.deepEqual(
      published.flat().map((note) => (note as { cents: number }).cents),
      [3, 3, 7],
    );
  });

  it("receives after a restart only events of the last ten seconds before the latest event", async () => {
    const { bank, published } = await countedBank();
    await deposited(bank, ada, 3);
    await bank.time.advanceAsync(10_001);
    await deposited(bank, ada, 4);
    bank.crash();
    published.length = 0;
    await bank.start();
    const redelivered = published.flat() as {
      readonly cents: number;
      readonly event: number;
      readonly before: number;
    }[];
    assert.deepEqual(
      redelivered.map(({ cents, event, before }) => [cents, event, before]),
      [[4, 3, 8]],
    );
  });

  it("receives nothing of an undone step", async () => {
    const poison = new Poison();
    const { bank, published } = await countedBank(brief, poisonedAccount(poison));
    poison.ends.add(`deposit ${ada}`);
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 3 }));
    await bank.open(bob, 0);
    await deposited(bank, bob, 4);
    assert.deepEqual(
      published.flat().map((note) => (note as { id: string }).id),
      [bob],
    );
  });

  it("receives nothing for events without a note", async () => {
    const { bank, published } = await countedBank(() => undefined);
    await deposited(bank, ada, 3);
    assert.deepEqual(published, []);
  });

  it("does not harm the machine if its note function throws", async () => {
    const { bank, published } = await countedBank(() => {
      throw new Error("no pencil");
    });
    await deposited(bank, ada, 3);
    assert.equal(await bank.balanceOf(ada), 8);
    assert.match(String(published[0]?.[0]), /no pencil/);
  });
});
