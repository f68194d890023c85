/**
 * Containers that are started before their tasks. In each, a shell of the image reads one line with the command of the
 * task, and becomes that command. A call of the engine takes 0.1 s or more, so the start of a task needs no such call.
 *
 * 1. A container has one task. It has the image, limits, network and mounts that a cold one of this task would have.
 * 2. A task that does not fit starts cold: see `lineOf`.
 * 3. There are at most `warm` of them, including starting ones. The least recently used image is evicted.
 * 4. A container that ends without a task is replaced, with growing pauses. Containers of a changed image are removed.
 */
import { writeFile } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { systemClock, systemTimers, type Timer } from "@tutti/kernel";
import type { TaskContext } from "../task/context.ts";
import type { CommandEnd, CommandHold } from "./command.ts";
import type { ContainerInput, ContainerOptions } from "./container-input.ts";
import {
  argumentsOf,
  cpusOf,
  fileIn,
  memoryOf,
  newPlace,
  type Place,
  removed,
  runContainer,
  runEngine,
} from "./engine.ts";
import { type ImageFacts, lineOf, waitingShell } from "./warm-line.ts";

/** Interval between comparisons of images, and the longest wait of a container for a task. */
const checkMs = 30_000;
const idleMsMax = 600_000;
const backoffMs = { first: 1_000, most: 300_000 };
/** The image has no shell, or none that can run. */
const noShellCodes: readonly (number | null)[] = [126, 127];
/** With these options, a container does not start as a shell that reads its input. */
const ownEntry = /^(--entrypoint|--tty|-t|-it|-ti)(=|$)/;
const byDigest = /@sha256:[0-9a-f]{64}$/;

/** Tasks for which the same containers are started. */
interface Shape {
  readonly key: string;
  readonly input: ContainerInput;
  /** The oldest first. */
  readonly idle: WarmContainer[];
  starting: number;
  usedMs: number;
  /** Number of consecutive ends without a task. */
  ends: number;
  retry?: Timer | undefined;
}

export class WarmContainers {
  readonly #options: ContainerOptions;
  readonly #most: number;
  /** The longest unused first. */
  readonly #shapes = new Map<string, Shape>();
  /** Ids of images without a shell. */
  readonly #withoutShell = new Set<string>();
  #checks: Timer | undefined;

  constructor(options: ContainerOptions) {
    const { warm = 0, pull, runArguments = [] } = options;
    this.#options = options;
    this.#most = pull === "always" || runArguments.some((each) => ownEntry.test(each)) ? 0 : warm;
  }

  /** Returns a waiting container for the input. The caller removes it. */
  acquire(input: ContainerInput): WarmContainer | undefined {
    const shape = this.#shapes.get(this.#keyOf(input));
    const [first] = shape?.idle ?? [];
    if (shape === undefined || first === undefined || lineOf(input, first.image) === undefined)
      return undefined;
    shape.idle.shift();
    shape.ends = 0;
    return first;
  }

  /** Starts a container for the next task of this kind, if there are not enough. */
  prepare(input: ContainerInput): void {
    if (this.#most === 0) return;
    const key = this.#keyOf(input);
    const shape = this.#shapes.get(key) ?? {
      key,
      input: shapeOf(input),
      idle: [],
      starting: 0,
      usedMs: 0,
      ends: 0,
    };
    shape.usedMs = systemClock.monotonic();
    this.#shapes.delete(key);
    this.#shapes.set(key, shape);
    this.#fill(shape);
  }

  #keyOf(input: ContainerInput): string {
    const { image, files = {}, outputs, network = false } = input;
    const options = this.#options;
    return JSON.stringify([
      ...[image, Object.keys(files), outputs, network],
      ...[memoryOf(input, options), cpusOf(input, options)],
    ]);
  }

  #fill(shape: Shape): void {
    if (shape.retry !== undefined || shape.idle.length + shape.starting >= this.#most) return;
    const shapes = [...this.#shapes.values()];
    if (shapes.reduce((sum, { idle, starting }) => sum + idle.length + starting, 0) >= this.#most) {
      const unused = shapes.find((each) => each !== shape && each.idle.length > 0);
      if (unused === undefined) return;
      this.#drop(unused, unused.idle.slice(0, 1));
    }
    shape.starting++;
    this.#start(shape)
      .catch(() => this.#retryLater(shape))
      .finally(() => {
        shape.starting--;
        this.#removeIfUnused(shape);
      });
  }

  async #start(shape: Shape): Promise<void> {
    const image = await this.#imageOf(shape.input.image);
    // The task itself reports a missing image.
    if (image === undefined || this.#withoutShell.has(image.id)) return;
    this.#dropChanged(shape.input.image, image.id);
    const warm = await WarmContainer.start(shape.input, image, this.#options);
    const early = await Promise.race([warm.isReady, warm.ended]).catch(async (error: unknown) => {
      await warm.remove();
      throw error;
    });
    if (early !== undefined) {
      await warm.remove();
      if (!noShellCodes.includes(early.code)) return this.#retryLater(shape);
      this.#withoutShell.add(image.id);
      return;
    }
    shape.idle.push(warm);
    this.#watch();
    const replace = () => {
      if (!shape.idle.includes(warm)) return;
      this.#drop(shape, [warm]);
      this.#retryLater(shape);
    };
    // The promise rejects when the task is cancelled.
    warm.ended.then(replace, replace);
  }

  #retryLater(shape: Shape): void {
    const delayMs = Math.min(backoffMs.first * 2 ** shape.ends++, backoffMs.most);
    shape.retry?.cancel();
    shape.retry = systemTimers.after(delayMs, () => {
      shape.retry = undefined;
      if (shape.usedMs > systemClock.monotonic() - idleMsMax) this.#fill(shape);
      this.#removeIfUnused(shape);
    });
  }

  async #imageOf(name: string): Promise<ImageFacts | undefined> {
    const format = "{{.Id}} {{json .Config}}";
    const { code, stdout } = await runEngine(this.#options, ["image", "inspect", "--format", format, name]);
    const [, id = "", config = ""] = /^(\S+) (.*)$/s.exec(stdout.text.trim()) ?? [];
    if (code !== 0 || id === "") return undefined;
    const { Entrypoint, Cmd } = JSON.parse(config) as { Entrypoint?: string[]; Cmd?: string[] };
    return { id, entrypoint: Entrypoint ?? [], command: Cmd ?? [] };
  }

  #dropChanged(name: string, id: string): void {
    for (const shape of this.#shapes.values())
      if (shape.input.image === name)
        this.#drop(
          shape,
          shape.idle.filter(({ image }) => image.id !== id),
        );
  }

  #drop({ idle }: Shape, dropped: readonly WarmContainer[]): void {
    for (const each of dropped) {
      idle.splice(idle.indexOf(each), 1);
      each.remove().catch(() => {});
    }
  }

  #removeIfUnused(shape: Shape): void {
    if (shape.idle.length + shape.starting === 0 && shape.retry === undefined) this.#shapes.delete(shape.key);
  }

  /** Starts the checks, which end with the worker. */
  #watch(): void {
    if (this.#checks !== undefined) return;
    this.#checks = systemTimers.every(checkMs, () => void this.#check().catch(() => {}));
  }

  async #check(): Promise<void> {
    const used = [...this.#shapes.values()].filter(({ idle }) => idle.length > 0);
    const oldestMs = systemClock.monotonic() - idleMsMax;
    for (const shape of used) {
      this.#drop(
        shape,
        shape.idle.filter(({ sinceMs }) => sinceMs < oldestMs),
      );
    }
    for (const name of new Set(used.map(({ input }) => input.image)))
      if (!byDigest.test(name)) this.#dropChanged(name, (await this.#imageOf(name))?.id ?? "");
    for (const shape of used) {
      if (shape.usedMs > oldestMs && shape.idle.length === 0) this.#fill(shape);
      this.#removeIfUnused(shape);
    }
  }
}

/** Returns the input without the parts that belong to a single task. */
function shapeOf({ env: _, stdin: __, command: ___, cwd: ____, files = {}, ...input }: ContainerInput) {
  return { ...input, files: Object.fromEntries(Object.keys(files).map((path) => [path, ""])) };
}

/** A container that waits for its task, or runs it. */
export class WarmContainer {
  readonly place: Place;
  readonly image: ImageFacts;
  readonly sinceMs = systemClock.monotonic();
  /** Resolves when the shell waits for its line. */
  readonly isReady: Promise<undefined>;
  readonly ended: Promise<CommandEnd>;
  readonly #options: ContainerOptions;
  readonly #stdin = new PassThrough();
  readonly #abort = new AbortController();
  #hold: CommandHold | undefined;
  #task: TaskContext | undefined;

  static async start(
    input: ContainerInput,
    image: ImageFacts,
    options: ContainerOptions,
  ): Promise<WarmContainer> {
    const place = await newPlace(options);
    // The mounted files must exist. The contents are written into the same files later.
    for (const index of Object.keys(input.files ?? {}).keys()) await writeFile(fileIn(place, index), "");
    const own = [...(options.runArguments ?? []), "--entrypoint", "/bin/sh"];
    const args = await argumentsOf(
      { ...input, image: image.id, command: ["-c", waitingShell] },
      { ...options, pull: "never", runArguments: own },
      place,
    );
    return new WarmContainer(place, image, args, options);
  }

  private constructor(place: Place, image: ImageFacts, args: readonly string[], options: ContainerOptions) {
    this.place = place;
    this.image = image;
    this.#options = options;
    const ready = Promise.withResolvers<undefined>();
    this.isReady = ready.promise;
    this.ended = runContainer(options, args, {
      folder: place.folder,
      signal: this.#abort.signal,
      stdin: this.#stdin,
      ready: (hold) => {
        this.#hold = hold;
        // A waiting container must not keep the worker's process alive.
        hold.unref();
        ready.resolve(undefined);
      },
      output: async (chunk, channel) => this.#task?.output(chunk, { channel }),
    });
    this.ended.catch(() => {});
  }

  run(input: ContainerInput, task: TaskContext): Promise<CommandEnd> {
    this.#hold?.ref();
    this.#task = task;
    const abort = () => this.#abort.abort(task.signal.reason);
    task.signal.addEventListener("abort", abort, { once: true });
    if (task.signal.aborted) abort();
    this.#stdin.end(`${lineOf(input, this.image)}\n${input.stdin ?? ""}`);
    return this.ended;
  }

  /** Removes a container without a task. The shell ends when its input ends. */
  async remove(): Promise<void> {
    this.#stdin.end();
    await removed(this.#options, this.place, true);
  }
}
