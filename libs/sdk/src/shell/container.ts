/**
 * Containers as tasks: an image and a command, by the engine on the worker's machine (Podman or Docker).
 *
 * 1. A container gets nothing that it was not given: no network, a root that it cannot write, no capability, limits of
 *    memory, processors and processes.
 * 2. It is removed when the task ends. What a killed worker left is removed by the next worker on that machine.
 * 3. Files of other tasks are mounted for reading. What it writes below `outputs` becomes files of the run.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { matchesWildcard } from "@tutti/kernel";
import type { TaskContext } from "../task/context.ts";
import { TaskFailure } from "../task/failure.ts";
import type { HandleOptions, Handler } from "../task/handlers.ts";
import type { StoredFile } from "../task/stored-file.ts";
import { type CommandEnd, type CommandOptions, runCommand, variablesOf } from "./command.ts";
import { shellErrors } from "./errors.ts";
import { placeFile, storeFolder } from "./files.ts";
import type { ShellOutput } from "./shell.ts";

export interface ContainerInput {
  /** With a tag or a digest: `docker.io/library/python:3.13-slim`. */
  readonly image: string;
  /** That of the image unless given. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** Files by their paths in the container: texts, or files of other tasks. */
  readonly files?: Readonly<Record<string, unknown>>;
  /** A folder of the container that it may write. Its files are results. */
  readonly outputs?: string;
  /** Default: what the worker allows at most. */
  readonly memoryBytes?: number;
  readonly cpus?: number;
  /** Whether it needs the network of the worker's options. Default: none. */
  readonly network?: boolean;
  /** Exit codes that are success. Default: 0. */
  readonly ok?: readonly number[];
  /** Exit codes after which another attempt is useless. */
  readonly final?: readonly number[];
}

export interface ContainerOutput extends ShellOutput {
  /** Id of the image that ran. */
  readonly image: string;
  /** What it wrote below `outputs`, by path from there. */
  readonly files: Readonly<Record<string, StoredFile>>;
}

export interface ContainerOptions {
  /** The engine and its own arguments. Default: `podman`. */
  readonly engine?: readonly string[];
  /** Images that tasks may use, with `*` for any text. Default: all. */
  readonly images?: readonly string[];
  /** The network of tasks that ask for one. Without it they are refused. */
  readonly network?: string;
  /** Default: 512 MiB. */
  readonly memoryBytes?: number;
  /** Default: 1. */
  readonly cpus?: number;
  /** Default: 512. */
  readonly processes?: number;
  /** Default: `missing`. */
  readonly pull?: "always" | "missing" | "never";
  /** More arguments of `run`, such as `--userns=auto`. */
  readonly runArguments?: readonly string[];
  /** How long it may take to end after SIGTERM. Default 5,000. */
  readonly graceMs?: number;
  /** How much of each of its outputs the result keeps. Default 65,536. */
  readonly keptBytes?: number;
}

/** What a worker says of it: `worker.handle("container", container(), containerOptions)`. */
export const containerOptions: HandleOptions = {
  description: "Runs a container on the worker's machine.",
  inputSchema: {
    type: "object",
    properties: {
      image: { type: "string" },
      command: { type: "array", items: { type: "string" } },
      env: { type: "object", additionalProperties: { type: "string" } },
      cwd: { type: "string" },
      stdin: { type: "string" },
      files: { type: "object" },
      outputs: { type: "string" },
      memoryBytes: { type: "integer" },
      cpus: { type: "number" },
      network: { type: "boolean" },
      ok: { type: "array", items: { type: "integer" } },
      final: { type: "array", items: { type: "integer" } },
    },
    required: ["image"],
  },
};

const memoryBytesDefault = 512 * 1024 * 1024;
const processesDefault = 512;
/** By SIGKILL. */
const killedCode = 137;
/** Of the engine itself: it started no container. */
const engineFailed = 125;
const missingCodes = new Map([
  [127, "there is no such program in the image"],
  [126, "it cannot be executed"],
]);
const imageForm = /^[\w][\w./:@-]{0,254}$/;
const stderrShown = 500;
const engineVariables = [
  ...["PATH", "HOME", "LANG", "TZ", "XDG_RUNTIME_DIR"],
  ...["DOCKER_HOST", "CONTAINER_HOST", "CONTAINERS_CONF"],
];

/** Returns a handler that runs containers. */
export function container(options: ContainerOptions = {}): Handler<ContainerInput, ContainerOutput> {
  let swept: Promise<void> | undefined;
  return async (input, task) => {
    const checked = checkedInput(input, options);
    swept ??= sweep(options);
    await swept;
    const folder = await mkdtemp(join(tmpdir(), `${namePrefix}-`));
    try {
      return await new Running(checked, options, folder, task).run();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

/** Other machines may use the same engine. */
const machine = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
const namePrefix = `tutti-${machine}-${process.pid}`;
const nameForm = new RegExp(`^tutti-${machine}-(\\d+)-`);

class Running {
  readonly #input: ContainerInput;
  readonly #options: ContainerOptions;
  readonly #folder: string;
  readonly #task: TaskContext;
  readonly #name = `${namePrefix}-${randomUUID()}`;
  #hasEnded = false;

  constructor(input: ContainerInput, options: ContainerOptions, folder: string, task: TaskContext) {
    this.#input = input;
    this.#options = options;
    this.#folder = folder;
    this.#task = task;
  }

  async run(): Promise<ContainerOutput> {
    const { image, ok = [0], final = [], stdin = "" } = this.#input;
    const { graceMs, keptBytes } = this.#options;
    const task = this.#task;
    const given = await this.#arguments();
    try {
      const end = await runCommand([...engineOf(this.#options), "run", ...given], {
        ...{ folder: this.#folder, env: variablesOf(engineVariables), signal: task.signal, stdin },
        ...(graceMs !== undefined && { graceMs }),
        ...(keptBytes !== undefined && { keptBytes }),
        output: (chunk, channel) => task.output(chunk, { channel }),
      });
      const state = await this.#state();
      const { code, signal, stdout, stderr } = end;
      if (
        state !== undefined &&
        !state.isKilled &&
        signal === undefined &&
        code !== null &&
        ok.includes(code)
      )
        return {
          ...{ exitCode: code, stdout: stdout.text, stderr: stderr.text },
          ...{ truncated: stdout.isCut || stderr.isCut, image: state.image, files: await this.#files() },
        };
      throw this.#failure(end, state, image, final);
    } finally {
      await this.#remove();
    }
  }

  async #arguments(): Promise<readonly string[]> {
    const { image, command = [], env = {}, cwd, files = {}, outputs, network = false } = this.#input;
    const options = this.#options;
    const memory = Math.min(this.#input.memoryBytes ?? Infinity, options.memoryBytes ?? memoryBytesDefault);
    const cpus = Math.min(this.#input.cpus ?? Infinity, options.cpus ?? 1);
    const environment = join(this.#folder, "env");
    // Values in arguments would be seen by every user of the machine.
    await writeFile(
      environment,
      Object.entries(env)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
      { mode: 0o600 },
    );
    const mounts = await Promise.all(
      Object.entries(files).map(async ([path, content], index) => {
        const file = join(this.#folder, `file-${index}`);
        await placeFile(this.#task, content, file);
        return `--volume=${file}:${path}:ro`;
      }),
    );
    if (outputs !== undefined) {
      const folder = join(this.#folder, "outputs");
      await mkdir(folder, { mode: 0o777 });
      mounts.push(`--volume=${folder}:${outputs}:rw`);
    }
    return [
      ...["--name", this.#name, "--interactive", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"],
      ...[
        "--security-opt",
        "no-new-privileges",
        "--pids-limit",
        String(options.processes ?? processesDefault),
      ],
      ...["--memory", String(memory), "--cpus", String(cpus), "--pull", options.pull ?? "missing"],
      ...["--network", network ? (options.network ?? "none") : "none", "--env-file", environment],
      ...(cwd === undefined ? [] : ["--workdir", cwd]),
      ...mounts,
      ...(options.runArguments ?? []),
      ...[image, ...command],
    ];
  }

  #failure(end: CommandEnd, state: State | undefined, image: string, final: readonly number[]): Error {
    const { code, signal } = end;
    const stderr = end.stderr.text.trim().slice(-stderrShown);
    const program = this.#input.command?.[0] ?? image;
    if (state === undefined || code === engineFailed)
      return shellErrors.containerNotStarted({ image, reason: stderr });
    // Engines do not notice every kill of the kernel. Nothing of ours kills while the task is wanted.
    if (state.isKilled || code === killedCode) return shellErrors.outOfMemory({ image });
    const missing = missingCodes.get(code ?? -1);
    if (missing !== undefined && /not found|denied|no such|executable/i.test(stderr))
      return shellErrors.notStarted({ program, reason: missing });
    const told = shellErrors.exited({ program, how: signal ?? `exit code ${code}`, stderr });
    const isFinal = code !== null && final.includes(code);
    return new TaskFailure(told.code, told.message, { final: isFinal, details: { exitCode: String(code) } });
  }

  /** Undefined when there is no such container. */
  async #state(): Promise<State | undefined> {
    const { code, stdout } = await asked(this.#options, [
      ...["container", "inspect", "--format", "{{.State.OOMKilled}} {{.Image}} {{.State.Running}}"],
      this.#name,
    ]);
    const [isKilled, image = "", isRunning] = stdout.text.trim().split(" ");
    this.#hasEnded = isRunning === "false";
    return code === 0 ? { isKilled: isKilled === "true", image } : undefined;
  }

  async #files(): Promise<Readonly<Record<string, StoredFile>>> {
    return this.#input.outputs === undefined ? {} : storeFolder(this.#task, join(this.#folder, "outputs"));
  }

  #remove(): Promise<void> {
    return removed(this.#options, this.#name, this.#hasEnded);
  }
}

interface State {
  /** By the kernel, for its memory. */
  readonly isKilled: boolean;
  readonly image: string;
}

function engineOf({ engine = ["podman"] }: ContainerOptions): readonly string[] {
  return engine;
}

/** Runs the engine without a task: what it removes is removed also when the task is cancelled. */
function asked(options: ContainerOptions, given: readonly string[]): Promise<CommandEnd> {
  const quiet: CommandOptions = {
    ...{ folder: tmpdir(), env: variablesOf(engineVariables), signal: new AbortController().signal },
    output: async () => {},
  };
  return runCommand([...engineOf(options), ...given], quiet);
}

/** Each call of Podman takes a tenth of a second. */
async function removed(options: ContainerOptions, name: string, hasEnded = false): Promise<void> {
  // Podman would wait for a container to end by itself.
  if (!hasEnded) await asked(options, ["kill", name]);
  await asked(options, ["rm", "--force", name]);
}

/** Removes containers and folders of workers of this machine that have ended. */
async function sweep(options: ContainerOptions): Promise<void> {
  const { stdout } = await asked(options, ["ps", "--all", "--format", "{{.Names}}"]);
  const names = stdout.text.split("\n").filter(isOrphan);
  for (const name of names) await removed(options, name);
  for (const name of (await readdir(tmpdir())).filter(isOrphan))
    await rm(join(tmpdir(), name), { recursive: true, force: true });
}

function isOrphan(name: string): boolean {
  const [, pid] = nameForm.exec(name) ?? [];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

function checkedInput(input: unknown, options: ContainerOptions): ContainerInput {
  const given = (typeof input === "object" && input !== null ? input : {}) as ContainerInput;
  const {
    image,
    command = [],
    env = {},
    files = {},
    outputs = "/outputs",
    cwd = "/",
    network = false,
  } = given;
  const wrong = (expected: string) => shellErrors.inputInvalid({ expected });
  if (typeof image !== "string" || !imageForm.test(image)) throw wrong("`image`, the name of an image");
  const isText = (part: unknown) => typeof part === "string" && !part.includes("\0");
  if (!Array.isArray(command) || !command.every(isText)) throw wrong("`command`, a list of texts");
  const isLine = ([name, value]: readonly [string, unknown]) =>
    /^\w+$/.test(name) && typeof value === "string" && !/[\n\0]/.test(value);
  if (!Object.entries(env).every(isLine)) throw wrong("`env`, names with texts of one line");
  const isPath = (path: unknown) => typeof path === "string" && isAbsolute(path) && !/[:,\0]/.test(path);
  if (![...Object.keys(files), outputs, cwd].every(isPath))
    throw wrong("absolute paths without `:` and `,` in `files`, `outputs` and `cwd`");
  const { images } = options;
  if (images !== undefined && !images.some((pattern) => matchesWildcard(pattern, image)))
    throw shellErrors.notAllowed({ what: `The image \`${image}\``, allowed: images.join(", ") });
  if (network && options.network === undefined)
    throw shellErrors.notAllowed({ what: "A network", allowed: "containers without one" });
  return given;
}
