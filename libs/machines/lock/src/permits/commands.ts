/** Sets the number of permits. A change takes effect immediately, and takes nothing away from holders. */
import { LockDone, SetPermits } from "@tutti/contracts/session/v1";
import { lockErrors } from "../errors.ts";
import { pump } from "../hold/pump.ts";
import { permitsProblem } from "../refusals.ts";
import type { LockCommand } from "../state.ts";
import { permitsSet } from "./events.ts";

export const setPermits: LockCommand<SetPermits, LockDone> = {
  type: "set_permits",
  codec: SetPermits,
  reply: LockDone,
  decide(lock, { permits }, step) {
    const problem = permitsProblem(permits, 1);
    if (problem !== undefined) return lockErrors.wishInvalid.refusal({ problem });
    if (lock.permits === permits) return {};
    step.emit(permitsSet, { permits });
    pump(lock, step);
    return {};
  },
};
