/** Two functions share a step of the event loop, and the first one blocks it. Prints which one is ended. */
import { setImmediate } from "node:timers";
import { codeOf, Watchdog, type Watched } from "./watchdog.ts";

const watchdog = new Watchdog(() => watchdog.stop(), 200);

function start(name: string, code: () => Promise<unknown>): void {
  const watched: Watched = { blocked: (seconds, at) => console.log(`${name} after ${seconds} s, at ${at}`) };
  queueMicrotask(() => {
    watchdog.enter(watched);
    void codeOf.run(watched, code);
    setImmediate(() => watchdog.leave(watched));
  });
}

const isEndless = () => true;
start("endless", async () => {
  await null;
  while (isEndless());
});
start("innocent", async () => {
  await null;
});
