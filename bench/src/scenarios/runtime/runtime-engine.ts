import type { Result } from "@tutti/contracts/agent/v1";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import type { StartItem } from "@tutti/contracts/workflow/v1";
import type { InstanceKey } from "@tutti/kernel";
import {
  type DueEffect,
  type Effects,
  type EffectToken,
  type Outcome,
  type Runtime,
  readToken,
  type Submission,
  writeToken,
} from "@tutti/runtime";
import { stepsPerChain } from "../chains/chain.ts";
import type { Outbox } from "../chains/outbox.ts";
import type { ChainEngine } from "../chains/server.ts";
import { chainKind, complete, type Progress, type StepDue, start } from "./chain-machine.ts";

/** Chains on the runtime: the same work as the ceiling, with machines, recovery and all other parts. */
export class RuntimeEngine implements ChainEngine, Effects {
  readonly #outbox: Outbox;
  /** Set after the creation of the runtime, which needs this engine first. */
  runtime: Runtime | undefined;
  #isLeaving = false;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  start(items: readonly StartItem[], firstNumber: number): void {
    for (const [index, { input }] of items.entries()) {
      if (input?.$case !== "inlineInput") continue;
      this.runtime?.submit(new ChainStart(this, firstNumber + index, input.value));
    }
  }

  results(results: readonly Result[]): void {
    for (const { token, outcome } of results) {
      if (outcome?.$case === "inlineOutput") this.runtime?.submit(new StepResult(this, token, outcome.value));
    }
  }

  dispatch(effects: readonly DueEffect[]): void {
    for (const { key, token, effect } of effects) {
      const { payload } = effect as StepDue;
      this.#outbox.assign(writeToken(token), key.id, tasks[token.number - 1] ?? "", payload);
    }
    this.#flushSoon();
  }

  withdraw(): void {}

  started(number: number, id: string): void {
    this.#outbox.started(number, id);
    this.#flushSoon();
  }

  resultDurable(): void {
    this.#outbox.resultsDurable(1);
    this.#flushSoon();
  }

  reportEnd(number: number, output: Uint8Array): void {
    this.#outbox.reportEnd(number, output);
  }

  /** Schedules a flush. Messages that become durable together leave together. */
  #flushSoon(): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    queueMicrotask(() => {
      this.#isLeaving = false;
      this.#outbox.flush();
    });
  }
}

class ChainStart implements Submission {
  readonly key: InstanceKey;
  readonly command = start;
  readonly body: Uint8Array;
  readonly cause = cause;
  readonly idempotencyKey = "";
  readonly token = undefined;
  readonly #engine: RuntimeEngine;
  readonly #number: number;

  constructor(engine: RuntimeEngine, number: number, body: Uint8Array) {
    this.#engine = engine;
    this.#number = number;
    this.key = { namespace: "default", kind: chainKind, id: `${idPrefix}${number}` };
    this.body = body;
  }

  reply(outcome: Outcome): void {
    if (outcome.kind !== "done")
      throw new Error(`expected ${this.key.id} to start, but it is ${outcome.kind}`);
    this.#engine.started(this.#number, this.key.id);
  }
}

class StepResult implements Submission {
  readonly key: InstanceKey | undefined = undefined;
  readonly command = complete;
  readonly body: Uint8Array;
  readonly cause = cause;
  readonly idempotencyKey = "";
  readonly token: EffectToken;
  readonly #engine: RuntimeEngine;

  constructor(engine: RuntimeEngine, token: Uint8Array, body: Uint8Array) {
    this.#engine = engine;
    this.token = readToken(token);
    this.body = body;
  }

  reply(outcome: Outcome): void {
    if (outcome.kind !== "done") return;
    this.#engine.resultDurable();
    const { output, number } = outcome.reply as Progress;
    if (output !== undefined) this.#engine.reportEnd(number, output);
  }
}

const idPrefix = "chain-";
const cause: Cause = {
  actor: { kind: ActorKind.ACTOR_KIND_SERVICE, id: "bench" },
  traceparent: "",
  decision: "",
  reason: "",
};
const tasks = Array.from({ length: stepsPerChain }, (_, step) => `step-${step + 1}`);
