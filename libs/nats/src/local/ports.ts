import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Systems assign higher ports to connections and to servers without a configured port. */
const firstPort = 10_000;
const lastPort = 32_767;
/** Few of so many ports are in use. */
const triesMax = 1_000;

/**
 * Returns ports on which nothing listens, for servers that start later or restart. No other process gets one of them by
 * chance: they are below the range that a system assigns.
 */
export async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  const all = lastPort - firstPort + 1;
  // Neighbours: two clusters that are created at the same time rarely get the same ones.
  const start = randomInt(all);
  for (let tries = 0; found.length < count; tries++) {
    if (tries >= triesMax)
      throw new Error(`expected ${count} free ports from ${firstPort} to ${lastPort}, got ${found.length}`);
    const port = firstPort + ((start + tries) % all);
    if (await isPortFree(port)) found.push(port);
  }
  return found;
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

/** Returns whether nothing listens on it. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = createServer().once("error", () => resolve(false));
    listener.listen(port, "127.0.0.1", () => listener.close(() => resolve(true)));
  });
}
