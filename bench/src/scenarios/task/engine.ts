import { type Arena, openArena } from "../chains/arena.ts";
import type { Governed } from "./governing.ts";

/** All services of an installation, with what is run there. Nothing of a run is kept when it is over, as the ceiling keeps nothing. */
export function openEngine(governed?: Governed, ...flags: readonly string[]): Promise<Arena> {
  const program = new URL("engine-process.ts", import.meta.url);
  const codecs = { engine: "by hand", agent: "generated" } as const;
  const parameters = ["0", governed ?? "", ...flags];
  return openArena({ program, codecs, parameters });
}
