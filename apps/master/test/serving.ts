import { RestartableHost } from "@tutti/host/testing";
import { until } from "@tutti/kernel/testing";
import { master } from "../src/service.ts";

/** A process with only this service. */
export type Serving = RestartableHost;

export const Serving = {
  open: (words: readonly string[] = []): Promise<Serving> =>
    RestartableHost.open({ name: "master", services: [master], transport: "in-process", flags: words }),
};

/** Waits for another millisecond on the clock, for a later start time. */
export async function nextMoment(): Promise<void> {
  const nowMs = Date.now();
  await until("another millisecond", () => Date.now() > nowMs);
}
