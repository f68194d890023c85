import type { Position, Renewal } from "@tutti/contracts/registry/v1";
import type { Clock } from "@tutti/kernel";
import { type TestFoundation, testFoundation } from "@tutti/kernel/testing";
import type { RegistryDependencies } from "../src/api/dependencies.ts";
import { registrySection } from "../src/configuration.ts";
import type { InstanceChange } from "../src/effects/instance-events.ts";
import { registrarInstruments } from "../src/effects/instruments.ts";
import { MemoryStore } from "../src/effects/memory-store.ts";
import { Registrar } from "../src/effects/registrar.ts";
import type { Store } from "../src/effects/store.ts";

export interface TestRegistry extends RegistryDependencies, AsyncDisposable {
  readonly foundation: TestFoundation;
  readonly announced: readonly InstanceChange[];
}

/** Returns a registry without its network interfaces, in virtual time. */
export async function openRegistry(
  options: { readonly store?: (clock: Clock) => Store; readonly historyMax?: number } = {},
): Promise<TestRegistry> {
  const foundation = testFoundation();
  const settings = registrySection.schema.parse({ historyMax: options.historyMax ?? 1_000 });
  const instruments = registrarInstruments(foundation.metrics);
  const announced: InstanceChange[] = [];
  const store = options.store?.(foundation.clock) ?? new MemoryStore("history-1", foundation.clock);
  const registrar = new Registrar({
    store,
    settings,
    foundation,
    instruments,
    announce: (change) => announced.push(change),
  });
  const { signal } = new AbortController();
  const health = { healthy: () => {}, degraded: () => {}, unhealthy: () => {} };
  await registrar.start({ name: "registrar", signal, logger: foundation.logger, health, fail: () => {} });
  // The changes of its own start have been sent.
  await foundation.time.advanceAsync(settings.batchMs);
  return {
    registrar,
    settings,
    foundation,
    instruments,
    announced,
    [Symbol.asyncDispose]: () => registrar.stop(),
  };
}

export const renewal = (instanceId: string, overrides: Partial<Renewal> = {}): Renewal => ({
  instanceId,
  health: undefined,
  load: undefined,
  host: undefined,
  ...overrides,
});

export const revisionOf = (position: Position | undefined): number => position?.revision ?? -1;
