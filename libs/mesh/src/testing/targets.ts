/** Instances for tests of the choice between them. They serve nothing. */
import { TuttiError } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { Breaker, BreakerClock } from "../interceptors/breaker.ts";
import { Target } from "../routing/target.ts";
import { resolveMeshSettings } from "../settings.ts";
import type { Link, LinkState } from "../transport/link.ts";

const breakers = new BreakerClock(resolveMeshSettings({ breaker: { volume: 1 } }).breaker, new VirtualTime());
export const lost = new TuttiError({ code: "test.lost", status: "UNAVAILABLE", message: "lost" });

export function targetOf(id: string, { state = "ready" as LinkState, draining = false } = {}): Target {
  const link: Link = {
    transport: "grpc",
    state,
    connect() {},
    close() {},
    unary: () => Promise.reject(lost),
    stream() {
      throw lost;
    },
  };
  return new Target({ id, service: "notes", address: "", draining }, link, new Breaker(breakers, () => {}));
}
