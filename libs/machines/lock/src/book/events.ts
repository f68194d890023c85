import { DeadlockFoundV1 } from "@tutti/contracts/session/v1";
import type { MachineEvent } from "@tutti/kernel";
import { deadlocksMax } from "../limits.ts";
import type { Deadlocks } from "./state.ts";

export const deadlockFound: MachineEvent<Deadlocks, never, DeadlockFoundV1> = {
  type: "deadlock_found",
  version: 1,
  codec: DeadlockFoundV1,
  evolve(book, body) {
    book.found.push(body);
    if (book.found.length > deadlocksMax) book.found.shift();
    book.count += 1;
  },
};
