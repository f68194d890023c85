/**
 * Observations and decisions of scalers, recorded from time to time by the owner of the pool: the next owner
 * continues from them. They are no settings, so they do not change the revision.
 */
import { NoteScalings, PoolChanged } from "@tutti/contracts/swarm/v1";
import { nothing } from "../collections.ts";
import { poolErrors } from "../errors.ts";
import { notedMax } from "../limits.ts";
import type { PoolCommand } from "../state.ts";
import { scalingsNoted } from "./events.ts";

export const noteScalings: PoolCommand<NoteScalings, PoolChanged> = {
  type: "note_scalings",
  codec: NoteScalings,
  reply: PoolChanged,
  decide(pool, body, step) {
    const isKnown = ({ scalerId }: { readonly scalerId: string }) => pool.scalers.has(scalerId);
    const scalings = body.scalings.filter(isKnown);
    const crashes = body.crashes.filter(isKnown);
    const arrivals = body.arrivals.filter(isKnown);
    const count = scalings.length + crashes.length + arrivals.length;
    if (count > notedMax) {
      const problem = `expected at most ${notedMax} notes at once, got ${count}`;
      return poolErrors.invalid.refusal({ problem });
    }
    if (count > 0) step.emit(scalingsNoted, { scalings, crashes, arrivals });
    return { ...nothing, revision: pool.changes };
  },
};
