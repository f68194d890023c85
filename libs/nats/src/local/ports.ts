import { createServer } from "node:net";

/** Asked of the system all at once, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const listeners = await Promise.all(
    Array.from({ length: count }, () => {
      const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof createServer>>();
      const listener = createServer().once("error", reject);
      listener.listen(0, "127.0.0.1", () => resolve(listener));
      return promise;
    }),
  );
  const ports = listeners.map((listener) => {
    const address = listener.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(
    listeners.map((listener) => new Promise<void>((resolve) => listener.close(() => resolve()))),
  );
  return ports;
}
