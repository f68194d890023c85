/** Sends the tasks of a process to the pool: by the code of the services, over a stream of the simulation. */
import type { dispatchService } from "@tutti/contracts/swarm/v1";
import { type Foundation, plainTracer, silentMetrics, type Timers } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { type AttemptCommands, Dispatcher, RuntimeSettlement, WireTokens } from "@tutti/offers";
import { type DueEffect, type EffectToken, type Runtime, TokenCipher, tokenKeyBytes } from "@tutti/runtime";
import { processLog } from "../cluster/process-log.ts";
import type { EffectHandler, ProcessOfDoer } from "../load/load.ts";
import { keyOf } from "../pools/tokens.ts";
import { OfferCall, type OfferCallParts } from "./offer-call.ts";

export interface ProcessOffersParts extends Omit<OfferCallParts, "life" | "sender"> {
  readonly process: ProcessOfDoer;
  /** All open streams, for faults. */
  readonly calls: Set<OfferCall>;
  /** Whether results are reported as durable before they are. */
  readonly isHasty: boolean;
  /** Whether tasks are withdrawn that another process owns from now on. */
  readonly endsReleased: boolean;
}

/** Kinds of machines whose tasks are offered, with their services. */
const services: Readonly<Record<string, string>> = { run: "workflow", mission: "swarm" };
const tokens = new TokenCipher(new Uint8Array(tokenKeyBytes));
const wireTokens = Object.values(services).map((service) => new WireTokens(service, tokens));

type Offer = Client<typeof dispatchService>["offer"];

export class ProcessOffers implements EffectHandler {
  readonly #parts: ProcessOffersParts;
  readonly #dispatchers = new Map<string, Dispatcher>();
  readonly #calls = new Set<OfferCall>();

  constructor(parts: ProcessOffersParts) {
    this.#parts = parts;
  }

  start(runtime: Runtime): void {
    const { world, process } = this.#parts;
    const { life, name } = process;
    const logger = processLog(world, name);
    const timers: Timers = life;
    const chance = world.chanceFor(`offers of ${name} ${life.number}`);
    for (const [kind, service] of Object.entries(services)) {
      const settlement = new RuntimeSettlement({
        runtime: this.#isHasty(runtime),
        timers,
        logger,
        service,
        commands: this.#commandsOf(kind),
        outputs: { add() {} },
        tokens,
        hasBlob: async () => true,
        readBlob: async () => undefined,
      });
      const foundation: Foundation = {
        clock: life,
        timers,
        chance,
        logger,
        metrics: silentMetrics,
        tracer: plainTracer(chance),
      };
      const dispatcher = new Dispatcher({
        settlement,
        foundation,
        instanceId: name,
        sharedPools: ["default"],
        tokens,
        origin: { service, workKind: kind },
        dispatch: {
          offer: (requests, options) =>
            this.#call(service).talk(requests, options?.signal) as unknown as ReturnType<Offer>,
        },
      });
      this.#dispatchers.set(kind, dispatcher);
    }
  }

  accepts(due: DueEffect): boolean {
    const effect = due.effect as Parameters<Dispatcher["offer"]>[1] & { readonly kind: string };
    if (effect.kind !== "offer_task") return false;
    const { checks, process } = this.#parts;
    const wire = new WireTokens(services[due.key.kind] ?? "", tokens);
    const readMs = process.sealedMs(due.token.partition);
    checks.late.recordDemand(keyOf(wire.write(due.token)), process.life, readMs);
    this.#dispatchers.get(due.key.kind)?.offer(due, effect);
    return true;
  }

  withdraw(token: EffectToken): void {
    for (const dispatcher of this.#dispatchers.values()) dispatcher.withdraw(token);
    const { checks, process, world } = this.#parts;
    for (const wire of wireTokens) {
      const key = keyOf(wire.write(token));
      checks.unwanted(key);
      checks.late.recordSettled(key, process.life, world.elapsedMs);
    }
  }

  release(token: EffectToken): void {
    for (const dispatcher of this.#dispatchers.values())
      if (this.#parts.endsReleased) dispatcher.withdraw(token);
      else dispatcher.release(token);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.stop()));
    this.#removeCalls();
  }

  died(): void {
    for (const call of this.#calls) call.die();
    this.#removeCalls();
  }

  #removeCalls(): void {
    for (const call of this.#calls) this.#parts.calls.delete(call);
    this.#calls.clear();
  }

  #call(service: string): OfferCall {
    const { process, calls, ...parts } = this.#parts;
    const call = new OfferCall({ ...parts, life: process.life, sender: `${service} at ${process.name}` });
    this.#calls.add(call);
    calls.add(call);
    return call;
  }

  #commandsOf(kind: string): AttemptCommands {
    const { commandOf } = this.#parts.process;
    return {
      completed: (fields, { agent, runMs, used }) => ({
        command: commandOf(kind, "complete_task"),
        body: { ...fields, agent, runMs, used },
      }),
      failed: (error, { agent, runMs, used }) => ({
        command: commandOf(kind, "fail_task"),
        body: { error, agent, runMs, used },
      }),
      lost: (loss) => ({
        command: commandOf(kind, "return_task"),
        body: { ...loss, retryAfterMs: 0, lost: true },
      }),
      started: (agent, startMs) => ({ command: commandOf(kind, "note_attempt"), body: { agent, startMs } }),
      progress: (saved, fraction, message) => ({
        command: commandOf(kind, "note_progress"),
        body: { saved, fraction, message },
      }),
      calledModels: (agent, calls) => ({
        command: commandOf(kind, "note_model_calls"),
        body: { agent, calls },
      }),
      answered() {},
    };
  }

  /** Returns a runtime that confirms submissions before they are done. */
  #isHasty(runtime: Runtime): Pick<Runtime, "submit"> {
    if (!this.#parts.isHasty) return runtime;
    return {
      submit(submission) {
        submission.reply({ kind: "ignored" });
        runtime.submit({ ...submission, reply() {} });
      },
    };
  }
}
