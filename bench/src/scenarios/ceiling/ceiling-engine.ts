import type { Result } from "@tutti/contracts/agent/v1";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import type { StartItem } from "@tutti/contracts/workflow/v1";
import { stepsPerChain } from "../chains/chain.ts";
import { encodeChainStarted, encodeStepCompleted } from "../chains/events.ts";
import type { Outbox } from "../chains/outbox.ts";
import type { ChainEngine } from "../chains/server.ts";
import type { CeilingLog } from "./log.ts";

/**
 * The minimum of any engine. For each start and each result it writes the event with its record. It sends the next step as
 * soon as the group with the record is durable. Its only state of a chain is the number of the step, in the token.
 */
export class CeilingEngine implements ChainEngine {
  readonly #outbox: Outbox;
  readonly #event = new FlatWriter(1_024);
  readonly #records = new FlatWriter(1024 * 1024);
  readonly #record = JournalRecord.create({ namespace: "default", kind: "chain", version: 1 });
  readonly #cause = {
    actor: { kind: ActorKind.ACTOR_KIND_SERVICE, id: "bench" },
    traceparent: "",
    decision: "",
    reason: "",
  };
  log: CeilingLog | undefined;
  #filling: Waiting[] = [];
  #flying: Waiting[] = [];
  #isFlying = false;
  #isLeaving = false;
  #group = 0;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  start(items: readonly StartItem[], firstNumber: number): void {
    for (const [index, { input }] of items.entries()) {
      if (input?.$case !== "inlineInput") continue;
      const number = firstNumber + index;
      const chain = `chain-${number}`;
      this.#event.reset();
      encodeChainStarted(input.value, this.#event);
      this.#write(chain, 1, "chain_started");
      this.#filling.push({ chain, number, step: 0, payload: input.value });
    }
    this.#flushSoon();
  }

  results(results: readonly Result[]): void {
    for (const { token, outcome } of results) {
      if (outcome?.$case !== "inlineOutput") continue;
      const { number, step } = readToken(token);
      const chain = `chain-${number}`;
      this.#event.reset();
      encodeStepCompleted(step, outcome.value, this.#event);
      this.#write(chain, step + 1, "step_completed");
      this.#filling.push({ chain, number, step, payload: outcome.value });
    }
    this.#flushSoon();
  }

  /** Handles that the written group is durable. */
  durable(): void {
    const outbox = this.#outbox;
    for (const { chain, number, step, payload } of this.#flying) {
      if (step === 0) outbox.started(number, chain);
      else outbox.resultsDurable(1);
      if (step === stepsPerChain) outbox.reportEnd(number, payload);
      else outbox.assign(tokenOf(number, step + 1), chain, tasks[step] ?? "", payload);
    }
    this.#flying = [];
    this.#isFlying = false;
    if (this.#filling.length > 0) this.#flush();
    outbox.flush();
  }

  #write(chain: string, event: number, type: string): void {
    const record = this.#record;
    record.id = chain;
    record.event = event;
    record.type = type;
    record.payload = this.#event.written();
    record.previousBatch = event === 1 ? 0 : this.#group;
    record.previousIndex = this.#filling.length;
    record.cause = this.#filling.length === 0 ? this.#cause : undefined;
    JournalRecord.encode(record, this.#records.uint32(recordsTag).fork()).join();
  }

  /** Schedules the next group. Messages of the same turn leave together. */
  #flushSoon(): void {
    if (this.#isFlying || this.#isLeaving) return;
    this.#isLeaving = true;
    queueMicrotask(() => {
      this.#isLeaving = false;
      this.#flush();
    });
  }

  #flush(): void {
    const records = this.#records;
    this.log?.write(records.written());
    records.reset();
    this.#flying = this.#filling;
    this.#filling = [];
    this.#isFlying = true;
    this.#group++;
  }
}

/** The next step after a group is durable. The payload is a view of its frame. */
interface Waiting {
  readonly chain: string;
  readonly number: number;
  /** The completed step. 0 for a start. */
  readonly step: number;
  readonly payload: Uint8Array;
}

function tokenOf(number: number, step: number): Uint8Array {
  const token = new Uint8Array(tokenBytes);
  token[0] = number;
  token[1] = number >>> 8;
  token[2] = number >>> 16;
  token[3] = number >>> 24;
  token[4] = step;
  return token;
}

function readToken(token: Uint8Array): { readonly number: number; readonly step: number } {
  const [a = 0, b = 0, c = 0, d = 0, step = 0] = token;
  return { number: (a | (b << 8) | (c << 16) | (d << 24)) >>> 0, step };
}

const tokenBytes = 16;
const recordsTag = 18;
const tasks = Array.from({ length: stepsPerChain }, (_, step) => `step-${step + 1}`);
