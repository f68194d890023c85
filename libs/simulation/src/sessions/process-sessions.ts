/**
 * Executes sessions in a process: the code of the services, over calls of the simulation, and the tasks of
 * its runs and missions.
 */
import type { Component, Logger } from "@tutti/kernel";
import type { SessionEffect } from "@tutti/machine-session";
import type { DueEffect, EffectToken, Runtime } from "@tutti/runtime";
import { SessionEffects, steerSessions } from "@tutti/sessions";
import type { Chronicle } from "../checks/chronicle.ts";
import { PlainRuntime } from "../counted/plain-runtime.ts";
import type { EffectHandler, ProcessOfDoer } from "../load/load.ts";
import type { World } from "../world/world.ts";
import { type ServicesParts, servicesOf } from "./services.ts";

export interface ProcessSessionsParts extends Pick<ServicesParts, "agents"> {
  readonly process: ProcessOfDoer;
  readonly world: World;
  readonly chronicle: Chronicle;
  readonly logger: Logger;
  /** Sends tasks to the pool. */
  readonly offers: EffectHandler;
  /** Changes the effects of sessions. */
  readonly transform: (effect: SessionEffect) => SessionEffect;
}

export class ProcessSessions implements EffectHandler {
  readonly #parts: ProcessSessionsParts;
  readonly #effects = new SessionEffects();
  readonly #components: Component[] = [];

  constructor(parts: ProcessSessionsParts) {
    this.#parts = parts;
  }

  start(runtime: Runtime): void {
    const { process, world, chronicle, logger, offers, agents } = this.#parts;
    offers.start(runtime);
    const { life, name, calls, commandOf, queryOf } = process;
    const plain = (of: Runtime) =>
      new PlainRuntime({ runtime: of, kind: "session", chronicle, commandOf, queryOf });
    const chance = world.chanceFor(`sessions of ${name} ${life.number}`);
    this.#effects.attach(
      steerSessions({
        clients: servicesOf({ calls, timers: life, plain, agents }),
        runtime: plain(runtime),
        foundation: { clock: life, timers: life, chance, logger },
        cause: { actor: undefined, traceparent: "", decision: "service", reason: "" },
        // Goals are not drawn.
        readTasks: (_namespace, { work }) =>
          Promise.reject(new Error(`expected tasks, got a ${work?.$case}`)),
        register: (_name, part) => {
          this.#components.push(part);
          return part;
        },
      }),
    );
  }

  accepts(due: DueEffect): boolean {
    if (due.key.kind !== "session") return this.#parts.offers.accepts(due);
    this.#effects.dispatch([{ ...due, effect: this.#parts.transform(due.effect as SessionEffect) }]);
    return true;
  }

  withdraw(token: EffectToken): void {
    this.#parts.offers.withdraw(token);
    this.#effects.withdraw([token]);
  }

  release(token: EffectToken): void {
    this.#parts.offers.release(token);
    this.#effects.withdraw([token]);
  }

  async stop(): Promise<void> {
    for (const component of this.#components.toReversed())
      await component.stop?.(new AbortController().signal);
    await this.#parts.offers.stop();
  }

  died(): void {
    this.#parts.offers.died();
  }
}
