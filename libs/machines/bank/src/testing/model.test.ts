import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "@tutti/kernel";
import { type DrivenEffect, MachineDriver, seededChance } from "@tutti/kernel/testing";
import { account, bankService } from "../index.ts";
import {
  accountKey,
  type BankCommand,
  BankModel,
  drawOperation,
  isConserved,
  moneyOf,
  printed,
} from "./index.ts";

const sequences = 60;
const stepsPerSequence = 120;

describe("the plain model of a bank", () => {
  it("answers as the machine does, for any commands to any accounts in any order", () => {
    for (let seed = 0; seed < sequences; seed++) new Comparison(seed).run();
  });

  it("refuses a withdrawal that the balance does not cover, and changes nothing", () => {
    const model = new BankModel();
    model.apply("anna", { command: "open", body: { owner: "Anna", product: "", balanceCents: 100 } });
    const refused = model.apply("anna", { command: "withdraw", body: { amountCents: 101 } });
    assert.equal(refused.refused, "bank.funds_missing");
    assert.deepEqual(model.balances("anna"), { balanceCents: 100, heldCents: 0, underWayCents: 0 });
  });
});

/** Passes one sequence to both the machine and the model. */
class Comparison {
  readonly #chance;
  readonly #driver: MachineDriver;
  readonly #model = new BankModel();
  readonly #ids = ["anna", "ben", "cleo"];

  constructor(seed: number) {
    this.#chance = seededChance(seed);
    this.#driver = new MachineDriver({ machines: [account], service: bankService, seed });
  }

  run(): void {
    for (let step = 0; step < stepsPerSequence; step++) {
      const random = this.#chance.random();
      if (random < 0.6) this.#command();
      else if (random < 0.8) this.#message();
      else if (random < 0.9) this.#result();
      else this.#time();
      this.#compare();
    }
  }

  #command(): void {
    const { key, command, body } = drawOperation(this.#chance, {
      accounts: this.#ids,
      lastNumber: (id) => this.#driver.state(accountKey(id), account).lastNumber,
    });
    this.#execute(key.id, commandOf(command, body), () => this.#driver.call(key, command, body));
  }

  #message(): void {
    const [message] = this.#driver.messages;
    if (message === undefined) return;
    const { codec } = account.commands.find(({ type }) => type === message.type) ?? assert.fail(message.type);
    this.#execute(message.to.id, commandOf(message.type, codec.decode(message.payload)), () =>
      this.#driver.deliver(),
    );
  }

  #result(): void {
    const { effects } = this.#driver;
    const effect = effects[Math.floor(this.#chance.random() * effects.length)];
    if (effect === undefined) return;
    const { command, body } = printed(effect.effect, this.#chance.random());
    this.#execute(effect.key.id, commandOf(command, body, effect), () =>
      this.#driver.settleBy(effect, command, body),
    );
  }

  /** Advances to the next timer, so that the model can fire the same timer. */
  #time(): void {
    const { nextDueMs, nowMs } = this.#driver;
    if (nextDueMs === undefined) return;
    const due = this.#timersAt(nextDueMs);
    this.#driver.advance(Math.max(0, nextDueMs - nowMs));
    for (const { id, number } of due) this.#model.expire(id, number);
  }

  #timersAt(dueMs: number): { id: string; number: number }[] {
    return this.#ids.flatMap((id) => {
      const { holds, statements } = this.#driver.state(accountKey(id), account);
      const numbers = [
        ...[...holds].filter(([, hold]) => hold.dueMs === dueMs),
        ...[...statements].filter(([, statement]) => statement.retryMs === dueMs),
      ];
      return numbers.map(([number]) => ({ id, number }));
    });
  }

  #execute(id: string, command: BankCommand, act: () => unknown): void {
    const before = new Set(this.#driver.messages);
    const answer = act();
    const { refused, reply, messages } = this.#model.apply(id, command);
    const label = `${command.command} to ${id}`;
    assert.equal(isRefusal(answer) ? answer.code : undefined, refused, label);
    if (refused === undefined) assert.deepEqual(answer, reply, label);
    const sent = this.#driver.messages.filter((message) => !before.has(message));
    assert.deepEqual(
      sent.map(({ to, type }) => ({ to: to.id, type })),
      messages.map(({ to, type }) => ({ to, type })),
      label,
    );
  }

  #compare(): void {
    const states = this.#ids.map((id) => this.#driver.state(accountKey(id), account));
    for (const [index, id] of this.#ids.entries()) {
      const { standing, balanceCents } = states[index] ?? assert.fail(id);
      assert.equal(standing, this.#model.standing(id), id);
      assert.equal(balanceCents, this.#model.balances(id).balanceCents, id);
    }
    const money = moneyOf(states, this.#driver.messages);
    assert.ok(isConserved(money), JSON.stringify(money));
    assert.equal(money.expectedCents, this.#model.insideCents);
  }
}

function commandOf(command: string, body: unknown, effect?: DrivenEffect): BankCommand {
  const settles = effect === undefined ? undefined : { number: effect.number, attempt: effect.attempt };
  // The body belongs to the command: it was drawn for it, or decoded by its codec.
  return { command, body, settles } as BankCommand;
}
