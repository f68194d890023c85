/** The real runtime in a process of the simulation. The world provides clock, randomness and outputs. */
import type { Delivery, Place } from "@tutti/kernel";
import { type DueEffect, type LeaseTerm, Runtime, type RuntimeLimits, runtimeLimits } from "@tutti/runtime";
import type { CountedEffect } from "../counted/counted.ts";
import type { EffectHandler } from "../load/load.ts";
import type { Plan } from "../plan/plan.ts";
import { never } from "../storage/observed-journal.ts";
import type { OpenedStorage } from "../storage/storage.ts";
import type { Life } from "../world/process.ts";
import type { EffectJobs } from "./effect-jobs.ts";
import { tokenText } from "./printer.ts";
import { processLog } from "./process-log.ts";
import type { ServerParts } from "./server-parts.ts";

/** The environment of a runtime in one life of its process. */
interface RuntimeGrounds {
  readonly storage: OpenedStorage;
  readonly jobs: EffectJobs;
  readonly handler: EffectHandler | undefined;
  readonly leaseTerm: LeaseTerm;
}

/** A delivery without an answer is given up after this long. */
const deliveryMs = 2_000;
/** Maximum duration of a turn of the event loop. */
const turnMs = 0.05;

export function createRuntime(
  parts: ServerParts,
  name: string,
  life: Life,
  { storage: { journals, archive }, jobs, handler, leaseTerm }: RuntimeGrounds,
): Runtime {
  const { world, plan, machine, others, load } = parts;
  const limits = limitsOf(plan);
  const turns = world.chanceFor(`turns of ${name} ${life.number}`);
  return new Runtime({
    service: load.service,
    machines: [machine, ...others],
    partitions: plan.partitions,
    journals,
    archive,
    delivery: deliveryOf(parts, name, life),
    leaseTerm,
    effects: {
      dispatch: (effects) => {
        if (life.cross()) for (const effect of effects) dispatch(parts, jobs, handler, effect);
      },
      withdraw(tokens) {
        for (const token of tokens) {
          jobs.remove(token);
          handler?.withdraw(token);
        }
      },
      release(tokens) {
        for (const token of tokens) {
          jobs.remove(token);
          handler?.release(token);
        }
      },
    },
    partitionsOf: () => plan.partitions,
    clock: life,
    timers: life,
    chance: world.chanceFor(`runtime of ${name} ${life.number}`),
    defer: (run) => {
      life.schedule(turns.random() * turnMs, run);
    },
    logger: processLog(world, name),
    limits,
    retentionOf: () => ({ keepMs: plan.limits.keepMs, idKeptMs: plan.limits.idKeptMs }),
  });
}

function dispatch(
  { chronicle, load }: ServerParts,
  jobs: EffectJobs,
  handler: EffectHandler | undefined,
  due: DueEffect,
): void {
  const { key, token } = due;
  const { events, digest, effect } = due.effect as CountedEffect;
  chronicle.restsOn(() => tokenText(token), key, { events, digest });
  load.dispatched(key, effect, token);
  const plain = { ...due, effect };
  if (handler?.accepts(plain) !== true) jobs.start(plain);
}

/** Returns the delivery: messages and their confirmations go over the network. */
function deliveryOf(parts: ServerParts, name: string, life: Life): Delivery {
  const { network, delivery, world, ownerOf } = parts;
  return {
    deliver: (place, batch, signal) => {
      if (!life.cross()) return never();
      const partition = partitionOfPlace(place);
      delivery.checkDeparture(batch, partition);
      return new Promise((resolve, reject) => {
        const timer = life.schedule(deliveryMs, () => reject(new Error("no answer to a delivery")));
        signal.addEventListener("abort", () => {
          timer.cancel();
          reject(signal.reason);
        });
        const receiver = ownerOf(partition);
        if (receiver === undefined) return;
        network.send(name, receiver.name, life.localMs, "letters", () =>
          receiver.receive(partition, batch, (upTo) =>
            network.send(receiver.name, name, world.elapsedMs, "a confirmation", () => {
              life.schedule(0, () => {
                timer.cancel();
                resolve(upTo);
              });
            }),
          ),
        );
      });
    },
  };
}

function limitsOf({ limits }: Plan): RuntimeLimits {
  const { loadedMax, idleMs, tailBytesMax, indexEveryMs, turnCommandsMax } = limits;
  const { inboxMax, batchBytesSoft, smallEvents } = limits;
  return {
    ...runtimeLimits,
    loadedMax,
    idleMs,
    tailBytesMax,
    indexEveryMs,
    turnCommandsMax,
    inboxMax,
    batchBytesSoft,
    smallEvents,
  };
}

function partitionOfPlace(place: Place): number {
  return Number(place.slice(place.lastIndexOf("/") + 1));
}
