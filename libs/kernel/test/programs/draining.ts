/**
 * A process that runs one orchestrator until a signal, for the tests of its edge. Its argument selects its behaviour:
 * `drains` at once, `hangs` in its drain, or `forgets` to catch a rejection when it is ready. It prints its progress on
 * standard output.
 */
import { systemFoundation } from "../../src/orchestrator/foundation.ts";
import { Orchestrator } from "../../src/orchestrator/orchestrator.ts";
import { runUntilSignal } from "../../src/orchestrator/run-until-signal.ts";
import { silentLogger } from "../../src/ports/logger.ts";

const [, , behaviour] = process.argv;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const orchestrator = new Orchestrator("program", systemFoundation({ logger: silentLogger }));
orchestrator.register("api", {
  drain() {
    print("draining");
    return behaviour === "hangs" ? new Promise<void>(() => {}) : undefined;
  },
  stop: () => print("stopped"),
});
await runUntilSignal(orchestrator, {
  ready() {
    print("ready");
    if (behaviour === "forgets") void Promise.reject(new Error("forgotten"));
  },
});
