import { KeptHost } from "@tutti/host/testing";
import { until } from "@tutti/kernel/testing";
import { workflow } from "../src/service.ts";

/** A process with the service alone. */
export type Serving = KeptHost;

export const Serving = {
  open: (): Promise<Serving> =>
    KeptHost.open({ name: "workflow", services: [workflow], transport: "in-process" }),
};

/** Until the clock shows another millisecond: what starts then is listed behind what started before. */
export async function nextMoment(): Promise<void> {
  const nowMs = Date.now();
  await until("another millisecond", () => Date.now() > nowMs);
}
