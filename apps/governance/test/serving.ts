import { KeptHost } from "@tutti/host/testing";
import { governance } from "../src/service.ts";

/** A process with the service alone. */
export type Serving = KeptHost;

export const Serving = {
  open: (): Promise<Serving> =>
    KeptHost.open({ name: "governance", services: [governance], transport: "in-process" }),
};
