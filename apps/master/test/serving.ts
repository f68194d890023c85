import { KeptHost } from "@tutti/host/testing";
import { master } from "../src/service.ts";

/** A process with the service alone. */
export type Serving = KeptHost;

export const Serving = {
  open: (): Promise<Serving> =>
    KeptHost.open({ name: "master", services: [master], transport: "in-process" }),
};
