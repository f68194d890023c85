import { PermitsSetV1 } from "@tutti/contracts/session/v1";
import type { LockEvent } from "../state.ts";
import { arm } from "../timer.ts";

export const permitsSet: LockEvent<PermitsSetV1> = {
  type: "permits_set",
  version: 1,
  codec: PermitsSetV1,
  described: true,
  evolve(lock, { permits }, outstanding) {
    lock.used = true;
    lock.permits = permits;
    arm(lock, outstanding);
  },
};
