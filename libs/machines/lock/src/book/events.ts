import { DeadlockFoundV1 } from "@tutti/contracts/session/v1";
import type { MachineEvent } from "@tutti/kernel";
import { deadlocksMax } from "../limits.ts";
import type { Deadlocks } from "./state.ts";

export const deadlockFound: MachineEvent<Deadlocks, never, DeadlockFoundV1> = {
  type: "deadlock_found",
  version: 1,
  codec: DeadlockFoundV1,
  evolve(state, body) {
    state.found.push(body);
    if (state.found.length > deadlocksMax) state.found.shift();
    state.count += 1;
  },
};
