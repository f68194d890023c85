import { type Arena, openArena } from "../chains/arena.ts";
import type { Governed } from "./governing.ts";

/** Opens all services of an installation with the definitions. Like the ceiling, it keeps no ended runs. */
export function openEngine(governed?: Governed, ...flags: readonly string[]): Promise<Arena> {
  const program = new URL("engine-process.ts", import.meta.url);
  const codecs = { engine: "by hand", agent: "generated" } as const;
  const parameters = ["0", governed ?? "", ...flags];
  return openArena({ program, codecs, parameters });
}
