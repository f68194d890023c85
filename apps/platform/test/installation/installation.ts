import { KeptHost } from "@tutti/host/testing";
import { services } from "../../src/service.ts";

/** All services in one process. */
export type Installation = KeptHost;

export const Installation = {
  open: (words: readonly string[] = []): Promise<Installation> =>
    KeptHost.open({ name: "installation", services, transport: "grpc", words }),
};
