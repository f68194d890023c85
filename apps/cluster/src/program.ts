/**
 * `tutti cluster`: a whole installation as processes on this machine.
 *
 *     up [--workflow N …]      starts and supervises a cluster until it ends. --bundles FOLDER runs bundles of an image
 *     status                   prints the members and their state
 *     scale workflow=3 …       changes the numbers of processes
 *     restart NAME… | --all    restarts members in sequence, each when all are ready
 *     down                     stops the running cluster
 *     backup --to FOLDER       backs up a stopped cluster
 *     restore --from FOLDER    restores a backup in a directory without a cluster
 *     import --from FOLDER     imports the data directory of a platform, which then belongs to the cluster
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { asTyped, errorFromUnknown, thisSystem } from "@tutti/kernel";
import { backup, imported, restored } from "./command/copies.ts";
import { down, restart, scale, status } from "./command/outside.ts";
import { up } from "./command/up.ts";
import { clusterErrors } from "./errors.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    directory: { type: "string", default: ".tutti/cluster" },
    "nats-server": { type: "string", default: "nats-server" },
    nats: { type: "string" },
    registry: { type: "string" },
    workflow: { type: "string" },
    swarm: { type: "string" },
    master: { type: "string" },
    governance: { type: "string" },
    insight: { type: "string" },
    gateway: { type: "string" },
    partitions: { type: "string" },
    port: { type: "string" },
    plain: { type: "boolean", default: false },
    paused: { type: "string" },
    bundles: { type: "string" },
    set: { type: "string", multiple: true, default: [] },
    all: { type: "boolean", default: false },
    to: { type: "string" },
    from: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const [commandName = "up", ...names] = positionals;
const directory = resolve(values.directory);
const commands = {
  up: () => up({ ...values, directory }),
  status: () => status(directory, values.json),
  scale: () => scale(directory, names),
  restart: () => restart(directory, names, values.all),
  down: () => down(directory),
  backup: () => backup({ ...values, directory }),
  restore: () => restored({ ...values, directory }),
  import: () => imported({ ...values, directory }),
} as const;

try {
  if (!thisSystem.deliversSignals) throw clusterErrors.systemUnfit({ system: thisSystem.name });
  const command = commands[commandName as keyof typeof commands];
  if (command === undefined)
    throw new TypeError(`expected one of ${Object.keys(commands).join(", ")}, got ${commandName}`);
  process.exitCode = await command();
} catch (error) {
  const { message, status: kind } = errorFromUnknown(error);
  process.stderr.write(`tutti cluster: ${asTyped(message, process.env)}\n`);
  process.exitCode = kind === "INVALID_ARGUMENT" ? 2 : 1;
}
