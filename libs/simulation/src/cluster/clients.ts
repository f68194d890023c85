/**
 * Clients: each has one operation, and repeats it with one idempotency key until it has a reliable answer.
 */
import type { Chance, Refusal } from "@tutti/kernel";
import type { Outcome } from "@tutti/runtime";
import { breakCommand } from "../bank/breakable.ts";
import type { CountedAnswer } from "../counted/counted.ts";
import { countsOf } from "../counted/counting.ts";
import type { Load, Operation } from "../load/load.ts";
import { partitionOf } from "../load/place.ts";
import type { Network } from "../network/network.ts";
import type { World } from "../world/world.ts";
import type { Server } from "./server.ts";

const patienceMs = 1_500;
const pauseMs = 150;
/** Share of requests to a process that is not known to own the partition. */
const misdirectedShare = 0.05;

export interface ClientParts {
  readonly world: World;
  readonly network: Network;
  readonly load: Load;
  readonly partitions: number;
  readonly servers: readonly Server[];
  ownerOf(partition: number): Server | undefined;
}

export class Clients {
  readonly #parts: ClientParts;
  readonly #chance: Chance;
  readonly #answered = new Set<number>();
  /** The last attempt of each operation: only that one is repeated. */
  readonly #attempts = new Map<number, number>();

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#chance = parts.world.chanceFor("clients");
  }

  schedule(operations: readonly Operation[]): void {
    for (const operation of operations)
      this.#parts.world.at(operation.atMs, () => this.#attempt(operation, 1));
  }

  #attempt(operation: Operation, attempt: number): void {
    const { number, command, account, body } = operation;
    if (this.#answered.has(number) || attempt <= (this.#attempts.get(number) ?? 0)) return;
    this.#attempts.set(number, attempt);
    const { world, network, load } = this.#parts;
    const server = this.#serverFor(account);
    const patience = patienceMs * (0.5 + this.#chance.random());
    const timeout = world.after(patience, () => this.#attempt(operation, attempt + 1));
    load.sent(number);
    if (server === undefined) return;
    const text = `operation ${number}`;
    world.trace(
      "client",
      () => `${text}.${attempt} to ${server.name}: ${command} ${account} ${JSON.stringify(body)}`,
    );
    network.send("client", server.name, world.elapsedMs, text, () =>
      server.operate(operation, (outcome) =>
        network.send(server.name, "client", world.elapsedMs, `the answer to ${text}`, () => {
          if (this.#answered.has(number)) return;
          world.trace("client", () => `${text}.${attempt} is ${formatOutcome(outcome)}`);
          if (this.#accept(operation, outcome)) {
            this.#answered.add(number);
            timeout.cancelled = true;
            return;
          }
          // After an answer it is repeated sooner.
          world.after(pauseMs * this.#chance.random() + pauseOf(outcome), () =>
            this.#attempt(operation, attempt + 1),
          );
        }),
      ),
    );
  }

  /** Accepts an outcome. Returns whether the operation is settled. */
  #accept({ number, command, account }: Operation, outcome: Outcome): boolean {
    const { load, world } = this.#parts;
    if (outcome.kind === "done") {
      const { events, digest } = outcome.reply as CountedAnswer;
      load.received(number, { events, digest }, outcome);
      return true;
    }
    const name = `operation ${number} (${command} ${account})`;
    if (outcome.kind === "ignored") {
      world.fail("answers", `${name} was ignored, as if it were the result of an effect`);
      return true;
    }
    const { refusal } = outcome;
    const counted = countsOf(refusal);
    if (counted !== undefined) {
      load.received(number, counted, outcome);
      return true;
    }
    if (isAbsent(refusal)) {
      load.received(number, { events: 0, digest: 0 }, outcome);
      return true;
    }
    // The caller that broke the instance has its answer. All others wait for the repair.
    if (refusal.code === "runtime.quarantined" || refusal.code === "runtime.never_began") {
      if (command === breakCommand) load.received(number, undefined, outcome);
      return command === breakCommand;
    }
    if (refusal.retry === "never")
      world.fail("answers", `${name} was refused: ${refusal.code}: ${refusal.message}`);
    return false;
  }

  #serverFor(account: string): Server | undefined {
    const { servers, partitions, load, ownerOf } = this.#parts;
    if (servers.length > 1 && this.#chance.random() < misdirectedShare) {
      return servers[Math.floor(this.#chance.random() * servers.length)];
    }
    return ownerOf(partitionOf(load.keyOf(account), partitions));
  }
}

/** Returns whether the runtime itself reports that the account does not exist, or not any more. */
function isAbsent({ code }: Refusal): boolean {
  return code === "runtime.unknown_instance" || code === "runtime.id_taken";
}

function pauseOf(outcome: Outcome): number {
  return outcome.kind === "refused" ? outcome.refusal.retryAfterMs : 0;
}

function formatOutcome(outcome: Outcome): string {
  if (outcome.kind === "done") return `done: ${JSON.stringify(outcome.reply)}`;
  return outcome.kind === "refused" ? `refused: ${outcome.refusal.code}` : outcome.kind;
}
