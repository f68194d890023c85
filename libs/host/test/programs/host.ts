/**
 * A process that runs a host, for the tests of its edge. The environment names its behaviour. `loads` lists the
 * packages it had to load. `breaks` cannot create its second service while the first keeps a resource. `forgets` fails
 * when it is ready. `waits` starts until it is asked to stop.
 */
import { once } from "node:events";
import { registerHooks } from "node:module";

const { BEHAVIOUR: behaviour } = process.env;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function aborted(signal: AbortSignal): Promise<void> {
  await once(signal, "abort");
  throw signal.reason;
}

const packages = new Set<string>();
registerHooks({
  load(url, context, next) {
    const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
    if (name !== undefined) packages.add(name);
    return next(url, context);
  },
});

const { runHost } = await import("../../src/index.ts");
await runHost({
  name: "test",
  services: [
    {
      name: "first",
      sections: [],
      create: () => {
        if (behaviour === "breaks") setInterval(() => {}, 1_000);
        return {};
      },
    },
    {
      name: "second",
      sections: [],
      create: () => {
        if (behaviour === "breaks") throw new Error("no paper");
        return {
          start: ({ signal }) => {
            print("starting");
            return behaviour === "waits" ? aborted(signal) : undefined;
          },
          stop: () => print("stopped"),
        };
      },
    },
  ],
  ready() {
    if (behaviour === "forgets") throw new Error("no ink");
    print(`loaded ${[...packages].sort().join(" ")}`);
    process.kill(process.pid, "SIGTERM");
  },
});
