import type { Cause } from "@tutti/contracts/types/v1";
import type { InstanceAddress, InstanceKey } from "../../machine/instance-key.ts";
import type { MachineEvent, MachineStep, Message } from "../../machine/machine.ts";
import { checkedBytes } from "./codec-check.ts";
import type { DrivenInstance } from "./driven-instance.ts";
import { nameOf } from "./machine-table.ts";
import { expect } from "./violation.ts";

/** A message that was sent and not delivered yet. */
export interface DrivenMessage {
  readonly from: InstanceKey;
  readonly to: InstanceAddress;
  readonly type: string;
  readonly payload: Uint8Array;
}

const noCause: Cause = { actor: undefined, traceparent: "", decision: "", reason: "" };

/** The environment of a step. */
export interface StepWorld {
  readonly instance: DrivenInstance;
  readonly nowMs: number;
  readonly behaviour: number;
  random(): number;
  emitted(event: MachineEvent<unknown>): void;
  sent(message: DrivenMessage): void;
}

/** The context that a driver gives to a decider. */
export class DrivenStep implements MachineStep<unknown> {
  readonly key: InstanceKey;
  readonly nowMs: number;
  readonly behaviour: number;
  readonly cause = noCause;
  readonly settles: MachineStep<unknown>["settles"];
  readonly #world: StepWorld;
  readonly #name: string;
  #changes = 0;
  #ended = false;

  constructor(world: StepWorld, settles: MachineStep<unknown>["settles"], name: string) {
    this.key = world.instance.key;
    this.nowMs = world.nowMs;
    this.behaviour = world.behaviour;
    this.settles = settles;
    this.#world = world;
    this.#name = name;
  }

  get events(): number {
    return this.#world.instance.history.length;
  }

  random(): number {
    this.#checkRunning();
    return this.#world.random();
  }

  emit<Body>(event: MachineEvent<unknown, unknown, Body>, body: Body): void {
    this.#checkRunning();
    const { instance } = this.#world;
    const known = instance.table.event(event.type, event.version);
    expect(known === event, this.#name, `expected event ${nameOf(event)} to be the one of the table`);
    expect(
      this.behaviour < instance.machine.behaviour || instance.table.isNewest(event),
      this.#name,
      `expected the newest version of ${event.type} to be emitted, got ${event.version}`,
    );
    this.#changes++;
    instance.fold(event, body);
    this.#world.emitted(event);
  }

  send<Body>(to: InstanceAddress, message: Message<Body>, body: Body): void {
    this.#checkRunning();
    this.#changes++;
    const payload = checkedBytes(message.codec, body, `${this.#name}: message ${message.type}`);
    this.#world.sent({ from: this.key, to, type: message.type, payload });
  }

  /** Called when the decider has decided. */
  close(): { readonly changes: number } {
    this.#ended = true;
    return { changes: this.#changes };
  }

  #checkRunning(): void {
    expect(!this.#ended, this.#name, "a step is over when its decider returns. Do everything before");
  }
}
