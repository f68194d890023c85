import { KeptHost } from "@tutti/host/testing";
import { runningTime } from "@tutti/kernel/testing";
import { master } from "../src/service.ts";

/** A process with the service alone. */
export type Serving = KeptHost;

export const Serving = {
  open: (): Promise<Serving> => KeptHost.open({ name: "master", services: [master] }),
};

/** Until the clock shows another millisecond: what begins then began later. */
export async function nextMoment(): Promise<void> {
  await runningTime()?.pass(1);
}
