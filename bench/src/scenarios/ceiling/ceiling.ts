import { type Arena, openArena } from "../chains/arena.ts";
import type { Codecs } from "../chains/server.ts";

/**
 * Returns the ceiling, to be measured beside an engine: with the generated codecs, which is what engines are compared
 * with.
 */
export function openCeiling(): Promise<Arena> {
  const codecs: Codecs = "generated";
  const program = new URL("ceiling-process.ts", import.meta.url);
  return openArena({ program, codecs: { engine: codecs, agent: codecs } });
}
