/** The runtime with its chains in a process of its own: node runtime-process.ts DIRECTORY CODECS */
import { join } from "node:path";
import { ArchiveThread, openArchive, openSegments } from "@tutti/journal";
import { silentLogger, systemChance, systemClock, systemDefer, systemTimers } from "@tutti/kernel";
import { Runtime, runtimeLimits } from "@tutti/runtime";
import { serveEngine } from "../chains/engine-process.ts";
import { type Codecs, serveChains } from "../chains/server.ts";
import { chain } from "./chain-machine.ts";
import { RuntimeEngine } from "./runtime-engine.ts";

const service = "chains";
const partitions = 16;
const [directory = "", codecs = "by hand"] = process.argv.slice(2);
const { address } = await serveChains(codecs as Codecs, async (outbox) => {
  const engine = new RuntimeEngine(outbox);
  const services = [{ service, partitions }];
  const { journal } = await openSegments(join(directory, "journal"), { services, chance: systemChance });
  const archive = openArchive(join(directory, "archive"), new ArchiveThread(), {
    partitions,
    clock: systemClock,
    source: (partition) => journal.partition(service, partition),
  });
  engine.runtime = new Runtime({
    service,
    machines: [chain],
    partitions,
    journals: { journal, renew: () => Promise.reject(new Error("the journal has stopped")) },
    archive,
    delivery: { deliver: () => Promise.reject(new Error("chains send no letters")) },
    tenure: { validUntilMs: () => Number.POSITIVE_INFINITY, lost() {} },
    effects: engine,
    partitionsOf: () => partitions,
    clock: systemClock,
    timers: systemTimers,
    chance: systemChance,
    defer: systemDefer,
    logger: silentLogger,
    limits: runtimeLimits,
    retentionOf: () => ({ keepMs: 3_600_000, idKeptMs: 0 }),
  });
  await engine.runtime.start();
  return engine;
});
serveEngine(address);
