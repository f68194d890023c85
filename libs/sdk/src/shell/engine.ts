/** Calls the container engine of the worker's machine, Podman or Docker, by its command line. */
import { spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { type CommandEnd, type CommandOptions, runCommand, variablesOf } from "./command.ts";
import type { ContainerInput, ContainerOptions } from "./container-input.ts";
import { isAlive } from "./scratch.ts";

const memoryBytesDefault = 512 * 1024 * 1024;
const processesDefault = 512;
const engineVariables = [
  ...["PATH", "HOME", "LANG", "TZ", "XDG_RUNTIME_DIR"],
  ...["DOCKER_HOST", "CONTAINER_HOST", "CONTAINERS_CONF"],
];

/** Maximum time for the removal of containers at the exit of the process. */
const exitMs = 20_000;

/** Exit code after SIGKILL. */
export const killedCode = 137;

/** The name of a container, and the folder of its mounted files. */
export interface Place {
  readonly name: string;
  readonly folder: string;
}

/** Id of this machine in names of containers, because other machines may use the same engine. */
export const machine = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
const namePrefix = `tutti-${machine}-${process.pid}`;
const nameForm = new RegExp(`^tutti-${machine}-(\\d+)-`);

/** The places of this process, each with its engine. */
const places = new Map<Place, readonly string[]>();

/** Returns a new place. At the latest, its container ends with this process. */
export async function newPlace(options: ContainerOptions): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), `${namePrefix}-`));
  const place = { name: `${namePrefix}-${randomUUID()}`, folder };
  if (places.size === 0) process.once("exit", removeAll);
  places.set(place, engineOf(options));
  return place;
}

/**
 * Removes all containers at the exit of the process. Its drain time may be over before the grace period of its tasks,
 * and a second signal leaves them no time at all.
 */
function removeAll(): void {
  for (const own of Map.groupBy(places, ([, each]) => each.join(" ")).values()) {
    const engine = own[0]?.[1] ?? [];
    const names = own.map(([{ name }]) => name).join(" ");
    // One call for each: an engine kills none of them if one does not run yet.
    const script = `for n in ${names}; do "$@" kill $n & done; wait; "$@" rm --force ${names}`;
    spawnSync("sh", ["-c", script, "sh", ...engine], { stdio: "ignore", timeout: exitMs });
  }
  for (const { folder } of places.keys()) rmSync(folder, { recursive: true, force: true });
}

/** Returns the path of the file that is mounted for the given index of `files`. */
export function fileIn({ folder }: Place, index: number): string {
  return join(folder, `file-${index}`);
}

export function outputsIn({ folder }: Place): string {
  return join(folder, "outputs");
}

function engineOf({ engine = ["podman"] }: ContainerOptions): readonly string[] {
  return engine;
}

export function memoryOf(
  input: ContainerInput,
  { memoryBytes = memoryBytesDefault }: ContainerOptions,
): number {
  return Math.min(input.memoryBytes ?? Infinity, memoryBytes);
}

export function cpusOf(input: ContainerInput, { cpus = 1 }: ContainerOptions): number {
  return Math.min(input.cpus ?? Infinity, cpus);
}

/** Returns the arguments of `run`. The mounted files must exist when the container starts. */
export async function argumentsOf(
  input: ContainerInput,
  options: ContainerOptions,
  place: Place,
): Promise<readonly string[]> {
  const { image, command = [], env = {}, cwd, files = {}, outputs, network = false } = input;
  const environment = join(place.folder, "env");
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}\n`);
  // Every user of the machine could see values in arguments.
  await writeFile(environment, lines.join(""), { mode: 0o600 });
  const mounts = Object.keys(files).map((path, index) => `--volume=${fileIn(place, index)}:${path}:ro`);
  if (outputs !== undefined) {
    await mkdir(outputsIn(place), { mode: 0o777 });
    mounts.push(`--volume=${outputsIn(place)}:${outputs}:rw`);
  }
  const processes = String(options.processes ?? processesDefault);
  return [
    ...["--name", place.name, "--interactive", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"],
    ...["--security-opt", "no-new-privileges", "--pids-limit", processes],
    ...["--memory", String(memoryOf(input, options)), "--cpus", String(cpusOf(input, options))],
    ...["--pull", options.pull ?? "missing"],
    ...["--network", network ? (options.network ?? "none") : "none", "--env-file", environment],
    ...(cwd === undefined ? [] : ["--workdir", cwd]),
    ...mounts,
    ...(options.runArguments ?? []),
    ...[image, ...command],
  ];
}

/** Runs a container to its end. */
export function runContainer(
  options: ContainerOptions,
  args: readonly string[],
  command: Omit<CommandOptions, "env" | "graceMs" | "keptBytes">,
): Promise<CommandEnd> {
  const { graceMs, keptBytes } = options;
  return runCommand([...engineOf(options), "run", ...args], {
    ...command,
    env: variablesOf(engineVariables),
    ...(graceMs !== undefined && { graceMs }),
    ...(keptBytes !== undefined && { keptBytes }),
  });
}

/** Runs the engine without a task, so removals also complete when the task is cancelled. */
export function runEngine(options: ContainerOptions, args: readonly string[]): Promise<CommandEnd> {
  const silentOptions: CommandOptions = {
    folder: tmpdir(),
    env: variablesOf(engineVariables),
    signal: new AbortController().signal,
    output: async () => {},
  };
  return runCommand([...engineOf(options), ...args], silentOptions);
}

/** Removes a container and its folder. */
export async function removed(options: ContainerOptions, place: Place, hasEnded: boolean): Promise<void> {
  await removedContainer(options, place.name, hasEnded);
  await rm(place.folder, { recursive: true, force: true });
  places.delete(place);
  if (places.size === 0) process.off("exit", removeAll);
}

/** Removes a container with few calls, because each call of Podman takes a tenth of a second. */
async function removedContainer(options: ContainerOptions, name: string, hasEnded = false): Promise<void> {
  // Without `kill`, Podman would wait for the container to end by itself.
  if (!hasEnded) await runEngine(options, ["kill", name]);
  await runEngine(options, ["rm", "--force", name]);
}

/** Removes containers and folders of workers of this machine that have ended. */
export async function sweep(options: ContainerOptions): Promise<void> {
  const { stdout } = await runEngine(options, ["ps", "--all", "--format", "{{.Names}}"]);
  const names = stdout.text.split("\n").filter(isOrphan);
  for (const name of names) await removedContainer(options, name);
  for (const name of (await readdir(tmpdir())).filter(isOrphan))
    await rm(join(tmpdir(), name), { recursive: true, force: true });
}

function isOrphan(name: string): boolean {
  const [, pid] = nameForm.exec(name) ?? [];
  return pid !== undefined && !isAlive(Number(pid));
}
