/**
 * Announces the capabilities of agents to the registry, for all pools that this process owns. The agents may
 * be linked here or elsewhere, poll, or run in this process.
 *
 * 1. Each capability is announced by the owner of its pool only, so agents are counted once in a cluster.
 * 2. Changes are batched: the registry receives them at most twice a second.
 */
import { isDeepStrictEqual } from "node:util";
import type { Offer } from "@tutti/contracts/registry/v1";
import type { Capability } from "@tutti/contracts/types/v1";
import type { Component, Logger, Timer, Timers } from "@tutti/kernel";
import type { Pool } from "@tutti/matching";
import type { Announcer } from "@tutti/mesh";

type OfferingPool = Pick<Pool, "namespace" | "offered">;

export interface AnnouncedOffersParts {
  readonly announcer: Pick<Announcer, "offer">;
  readonly pools: () => readonly OfferingPool[];
  readonly timers: Timers;
  readonly logger: Logger;
}

const gatherMs = 500;
/** Maximum of the contract for one instance. */
const offersMax = 10_000;
/** Maximum of all texts together, so that an entry fits a message with any number of schemas. */
const textMax = 262_144;

export class AnnouncedOffers implements Component {
  readonly #parts: AnnouncedOffersParts;
  #announced: readonly Offer[] = [];
  #timer: Timer | undefined = undefined;
  #isOver = false;

  constructor(parts: AnnouncedOffersParts) {
    this.#parts = parts;
  }

  /** Called when an agent joined, left, or changed its offering, or a pool moved. */
  changed(): void {
    if (this.#isOver) return;
    this.#timer ??= this.#parts.timers.after(gatherMs, () => {
      this.#timer = undefined;
      this.#announce();
    });
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #announce(): void {
    const { announcer, pools, logger } = this.#parts;
    const all = offersOf(pools());
    if (all.length > offersMax)
      logger.warn("registry lists only some of the offered capabilities", {
        capabilities: all.length,
        listed: offersMax,
      });
    const offers = withinText(all.slice(0, offersMax));
    if (isDeepStrictEqual(offers, this.#announced)) return;
    this.#announced = offers;
    announcer.offer("swarm", offers);
  }
}

/** Returns the offers of pools, each version of a capability once per namespace, in a fixed order. */
function offersOf(pools: readonly OfferingPool[]): Offer[] {
  const offers = new Map<string, Offer>();
  for (const pool of pools)
    for (const { capability, agents } of pool.offered()) {
      const { namespace } = pool;
      const key = JSON.stringify([namespace, capability.name, capability.version]);
      const providers = (offers.get(key)?.providers ?? 0) + agents;
      offers.set(key, { namespace, capability, providers });
    }
  return [...offers].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, offer]) => offer);
}

/** Keeps the shortest texts that fit. The agents themselves still have all texts. */
function withinText(offers: readonly Offer[]): Offer[] {
  const sizes = offers.map(({ capability }, at) => ({ at, size: textOf(capability) }));
  const included = new Set<number>();
  let remaining = textMax;
  for (const { at, size } of sizes.toSorted((one, other) => one.size - other.size)) {
    remaining -= size;
    if (remaining < 0) break;
    included.add(at);
  }
  return offers.map((offer, at) => (included.has(at) ? offer : withoutText(offer)));
}

function textOf(capability: Capability | undefined): number {
  if (capability === undefined) return 0;
  const { inputSchema, outputSchema, description } = capability;
  return inputSchema.length + outputSchema.length + description.length;
}

function withoutText(offer: Offer): Offer {
  const { capability } = offer;
  if (capability === undefined) return offer;
  return { ...offer, capability: { ...capability, inputSchema: "", outputSchema: "", description: "" } };
}
