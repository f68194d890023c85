import { RestartableHost } from "@tutti/host/testing";
import { until } from "@tutti/kernel/testing";
import { workflow } from "../src/service.ts";

/** A process with only this service. */
export type Serving = RestartableHost;

export const Serving = {
  open: (): Promise<Serving> =>
    RestartableHost.open({ name: "workflow", services: [workflow], transport: "in-process" }),
};

/** Waits for another millisecond on the clock: later starts are listed after earlier ones. */
export async function nextMoment(): Promise<void> {
  const nowMs = Date.now();
  await until("another millisecond", () => Date.now() > nowMs);
}
