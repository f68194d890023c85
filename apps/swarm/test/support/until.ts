import { setImmediate as nextTurn } from "node:timers/promises";

/** Resolves when something is there that needs no time but turns of the event loop and the network. */
export async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  const giveUpAt = performance.now() + 20_000;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > giveUpAt) throw new Error(`waited in vain for ${what}`);
    await nextTurn();
  }
}
