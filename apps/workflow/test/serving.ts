import { KeptHost } from "@tutti/host/testing";
import { workflow } from "../src/service.ts";

/** A process with the service alone. */
export type Serving = KeptHost;

export const Serving = {
  open: (): Promise<Serving> =>
    KeptHost.open({ name: "workflow", services: [workflow], transport: "in-process" }),
};
