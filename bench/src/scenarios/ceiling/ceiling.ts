import { type Arena, openArena } from "../chains/arena.ts";
import type { Codecs } from "../chains/server.ts";

/**
 * Opens the ceiling to compare with an engine. It uses the generated codecs, as the comparison for all engines.
 */
export function openCeiling(): Promise<Arena> {
  const codecs: Codecs = "generated";
  const program = new URL("ceiling-process.ts", import.meta.url);
  return openArena({ program, codecs: { engine: codecs, agent: codecs } });
}
