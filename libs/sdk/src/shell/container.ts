/**
 * Containers as tasks: an image and a command, run by the engine on the worker's machine (Podman or Docker).
 *
 * 1. By default a container has no network, a read-only root, no capabilities, and limits of memory, processors and
 *    processes.
 * 2. It is removed when the task ends, and at the latest when the worker's process exits. The next worker on that machine
 *    removes containers of a killed worker.
 * 3. Files of other tasks are mounted read-only. Files that it writes below `outputs` become files of the run.
 * 4. A container has one task, also if it was started before the task arrived.
 */
import type { TaskContext } from "../task/context.ts";
import type { Handler } from "../task/handlers.ts";
import type { StoredFile } from "../task/stored-file.ts";
import type { CommandEnd } from "./command.ts";
import {
  type ContainerInput,
  type ContainerOptions,
  type ContainerOutput,
  checkedInput,
} from "./container-input.ts";
import {
  argumentsOf,
  fileIn,
  killedCode,
  newPlace,
  outputsIn,
  type Place,
  removed,
  runContainer,
  runEngine,
  sweep,
} from "./engine.ts";
import { engineReason, exitFailure, shellErrors, tailOf } from "./errors.ts";
import { placeFile, storeFolder } from "./files.ts";
import { kubernetesJobs } from "./kubernetes/jobs.ts";
import { type WarmContainer, WarmContainers } from "./warm-containers.ts";

/** Exit code of the engine itself: it started no container. */
const engineFailed = 125;
const missingCodes = new Map([
  [127, "there is no such program in the image"],
  [126, "it cannot be executed"],
]);

/** Returns a handler that runs containers. */
export function container(options: ContainerOptions = {}): Handler<ContainerInput, ContainerOutput> {
  if (options.kubernetes !== undefined) return kubernetesJobs(options, options.kubernetes);
  let swept: Promise<void> | undefined;
  const pool = new WarmContainers(options);
  return async (input, task) => {
    const checked = checkedInput(input, options);
    swept ??= sweep(options);
    await swept;
    const warm = pool.acquire(checked);
    const running = new Running(checked, options, warm?.place ?? (await newPlace(options)), task);
    try {
      return await running.run(warm, () => pool.prepare(checked));
    } finally {
      await running.remove();
    }
  };
}

class Running {
  readonly #input: ContainerInput;
  readonly #options: ContainerOptions;
  readonly #place: Place;
  readonly #task: TaskContext;
  #hasEnded = false;

  constructor(input: ContainerInput, options: ContainerOptions, place: Place, task: TaskContext) {
    this.#input = input;
    this.#options = options;
    this.#place = place;
    this.#task = task;
  }

  /** @param started called when the container is starting */
  async run(warm: WarmContainer | undefined, started: () => void): Promise<ContainerOutput> {
    const { image, files = {}, ok = [0], final = [] } = this.#input;
    const contents = Object.values(files);
    await Promise.all(
      contents.map((content, index) => placeFile(this.#task, content, fileIn(this.#place, index))),
    );
    const ending = warm?.run(this.#input, this.#task) ?? this.#runCold();
    started();
    const end = await ending;
    const state = await this.#state();
    const { code, signal, stdout, stderr } = end;
    const isDone = state !== undefined && !state.isKilled && signal === undefined;
    if (isDone && code !== null && ok.includes(code))
      return {
        exitCode: code,
        stdout: stdout.text,
        stderr: stderr.text,
        truncated: stdout.isTruncated || stderr.isTruncated,
        image: state.image,
        files: await this.#files(),
      };
    throw this.#failure(end, state, image, final);
  }

  async #runCold(): Promise<CommandEnd> {
    const task = this.#task;
    return runContainer(this.#options, await argumentsOf(this.#input, this.#options, this.#place), {
      folder: this.#place.folder,
      signal: task.signal,
      stdin: this.#input.stdin ?? "",
      output: (chunk, channel) => task.output(chunk, { channel }),
    });
  }

  #failure(end: CommandEnd, state: State | undefined, image: string, final: readonly number[]): Error {
    const { code, signal } = end;
    const stderr = tailOf(end.stderr.text);
    const program = this.#input.command?.[0] ?? image;
    if (state === undefined || code === engineFailed)
      return shellErrors.containerNotStarted({ image, reason: engineReason(end.stderr.text) });
    // Engines do not notice every kill by the kernel. Tutti kills no container while its task is running.
    if (state.isKilled || code === killedCode) return shellErrors.outOfMemory({ image });
    const missing = missingCodes.get(code ?? -1);
    if (missing !== undefined && /not found|denied|no such|executable/i.test(stderr))
      return shellErrors.notStarted({ program, reason: missing });
    return exitFailure({ program, code, signal, stderr: end.stderr.text, final });
  }

  /** Returns the state of the container. Undefined if there is no such container. */
  async #state(): Promise<State | undefined> {
    const { code, stdout } = await runEngine(this.#options, [
      ...["container", "inspect", "--format", "{{.State.OOMKilled}} {{.Image}} {{.State.Running}}"],
      this.#place.name,
    ]);
    const [isKilled, image = "", isRunning] = stdout.text.trim().split(" ");
    this.#hasEnded = isRunning === "false";
    return code === 0 ? { isKilled: isKilled === "true", image } : undefined;
  }

  async #files(): Promise<Readonly<Record<string, StoredFile>>> {
    return this.#input.outputs === undefined ? {} : storeFolder(this.#task, outputsIn(this.#place));
  }

  remove(): Promise<void> {
    return removed(this.#options, this.#place, this.#hasEnded);
  }
}

interface State {
  /** True if the kernel killed it for its use of memory. */
  readonly isKilled: boolean;
  readonly image: string;
}
