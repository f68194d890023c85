import { type Bus, MemoryBus } from "@tutti/bus";
import type { Component, Configuration, Foundation } from "@tutti/kernel";
import { busSection } from "./configuration.ts";
import type { NatsOnDemand } from "./nats-on-demand.ts";

export type HostBus = Bus & Component;

/** Returns the bus that the configuration names. */
export async function openBus(
  configuration: Configuration,
  foundation: Foundation,
  nats: NatsOnDemand,
): Promise<HostBus> {
  const { transport, replicas } = configuration.read(busSection);
  if (transport === "memory") return new MemoryBus({ foundation });
  const { NatsBus } = await import("@tutti/bus/nats");
  return new NatsBus({ connection: await nats.connection(), stream: { replicas } });
}
