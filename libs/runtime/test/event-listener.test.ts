/** The listener receives durable events, once each, in order. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MachineEvent } from "@tutti/kernel";
import { account, deposit } from "@tutti/machine-bank";
import type { MachineEventListener, TakeNote } from "../src/index.ts";
import type { AnyMachine } from "../src/machines/hosted-machine.ts";
import { Bank, idsIn } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);

const brief: TakeNote = ({ key, event, body, state, timeMs }) => ({
  ...{ id: key.id, event, timeMs, cents: (body as { amountCents: number }).amountCents },
  before: (state as { balanceCents: number }).balanceCents,
});

async function witnessedBank(take: TakeNote = brief, machine: AnyMachine = account) {
  const told: unknown[][] = [];
  const deposited = machine.events.find(({ type }) => type === "money_deposited") ?? assert.fail();
  const eventListener: MachineEventListener = {
    notes: new Map<MachineEvent<unknown>, TakeNote>([[deposited, take]]),
    handle: (notes) => void told.push([...notes]),
  };
  const effects = { dispatch() {}, withdraw() {}, eventListener };
  const bank = new Bank({}, { effects, machines: [machine] });
  await bank.start();
  await bank.open(ada, 5);
  return { bank, told };
}

const deposited = (bank: Bank, id: string, amountCents: number) => bank.do(id, deposit, { amountCents });

describe("the caller that hears of events", () => {
  it("receives the requested events, with the state before the fold", async () => {
    const { bank, told } = await witnessedBank();
    await deposited(bank, ada, 3);
    await deposited(bank, ada, 4);
    const timeMs = bank.time.now();
    assert.deepEqual(
      told.flat().map((note) => ({ ...(note as object), timeMs })),
      [
        { id: ada, event: 2, timeMs, cents: 3, before: 5 },
        { id: ada, event: 3, timeMs, cents: 4, before: 8 },
      ],
    );
  });

  it("is notified when they are durable, those of a batch together", async () => {
    const { bank, told } = await witnessedBank();
    await bank.open(bob, 0);
    bank.commits.hold();
    const both = [ada, bob].map((id) => bank.submit(id, deposit, { amountCents: 1 }));
    await bank.time.advanceAsync(5);
    assert.equal(told.length, 0);
    bank.commits.open();
    await bank.time.settle(Promise.all(both));
    assert.deepEqual(
      told.map((notes) => notes.length),
      [2],
    );
  });

  it("is not told of what never became durable, and is reported again what happened right before a restart", async () => {
    const { bank, told } = await witnessedBank();
    await deposited(bank, ada, 3);
    bank.commits.hold();
    void bank.submit(ada, deposit, { amountCents: 4 });
    await bank.time.advanceAsync(5);
    bank.crash();
    await bank.start();
    await deposited(bank, ada, 7);
    assert.deepEqual(
      told.flat().map((note) => (note as { cents: number }).cents),
      [3, 3, 7],
    );
  });

  it("is not told again what happened longer before the last of it", async () => {
    const { bank, told } = await witnessedBank();
    await deposited(bank, ada, 3);
    await bank.time.advanceAsync(10_001);
    await deposited(bank, ada, 4);
    bank.crash();
    told.length = 0;
    await bank.start();
    const again = told.flat() as {
      readonly cents: number;
      readonly event: number;
      readonly before: number;
    }[];
    assert.deepEqual(
      again.map(({ cents, event, before }) => [cents, event, before]),
      [[4, 3, 8]],
    );
  });

  it("is not told of a step that was taken back", async () => {
    const poison = new Poison();
    const { bank, told } = await witnessedBank(brief, poisonedAccount(poison));
    poison.ends.add(`deposit ${ada}`);
    await bank.codeOf(bank.submit(ada, deposit, { amountCents: 3 }));
    await bank.open(bob, 0);
    await deposited(bank, bob, 4);
    assert.deepEqual(
      told.flat().map((note) => (note as { id: string }).id),
      [bob],
    );
  });

  it("gets nothing of what its note leaves out", async () => {
    const { bank, told } = await witnessedBank(() => undefined);
    await deposited(bank, ada, 3);
    assert.deepEqual(told, []);
  });

  it("does no harm to the machine when its note cannot be taken", async () => {
    const { bank, told } = await witnessedBank(() => {
      throw new Error("no pencil");
    });
    await deposited(bank, ada, 3);
    assert.equal(await bank.balanceOf(ada), 8);
    assert.match(String(told[0]?.[0]), /no pencil/);
  });
});
