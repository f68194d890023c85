/** The durable functions of a worker: waiting ones stay in memory, so that they continue without a replay. */
import type { TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { isTuttiError, keepNewest, systemClock } from "@tutti/kernel";
import { storedAboveBytes } from "../link/blobs.ts";
import type { TaskContext } from "../task/context.ts";
import { FailureLog } from "../task/failure-log.ts";
import { FunctionContext } from "./context.ts";
import type { DurableFunction } from "./durable.ts";
import { plain, StepFailure } from "./failure.ts";
import { FunctionInstance, type FunctionPorts, type Saved, turnLengthMost } from "./instance.ts";
import { type Entry, storableInput, storedOfMany, type TurnInput, type TurnOutput } from "./wire.ts";

/** Functions that a worker keeps in memory. The least recently used one is replayed when it continues. */
const hotMax = 10_000;

interface Hot {
  readonly fn: DurableFunction;
  readonly instance: FunctionInstance;
}

export class FunctionHost {
  readonly #hot = new Map<string, Hot>();
  readonly #ports: FunctionPorts;
  readonly #failureLog = new FailureLog();

  constructor(ports: FunctionPorts) {
    this.#ports = ports;
  }

  /** As an error of a handler. The failure of a step that the code did not catch is known. */
  #log({ name, attempt: task }: FunctionInstance, error: unknown): void {
    if (task === undefined || isTuttiError(error) || error instanceof StepFailure) return;
    if (this.#failureLog.isDue(name, systemClock.monotonic())) task.logger.warn("function failed", { error });
  }

  /** Makes a turn of a function. */
  async turn(fn: DurableFunction, input: TurnInput, task: TaskContext): Promise<TurnOutput> {
    const key = JSON.stringify([task.namespace, task.workId, task.taskId]);
    const instance = this.#instanceFor(fn, key, input);
    const known = input.from + input.journal.length;
    if (instance === undefined) return { function: 1, known, steps: [], cold: true };
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(task.signal.reason);
    task.signal.addEventListener("abort", abort, { once: true });
    let isRetained = false;
    try {
      let saved = savedAt(task.saved, known);
      if (saved.steps.some(isStored)) saved = { ...saved, steps: await contentsOf(saved.steps, task) };
      const isStoredIn = isReference(input.input) || input.journal.some(isStored);
      const turn = instance.runTurn(isStoredIn ? await withContents(input, instance.position, task) : input, {
        saved,
        save: (saved) => task.progress({ saved }),
        clock: () => Math.round(input.nowMs + task.elapsedMs),
        task,
        isTraced: input.turn > input.last + 1,
      });
      let output = await Promise.race([turn, aborted.promise]);
      if (instance.turnLength * 3 > storedAboveBytes || output.end !== undefined)
        output = await storedIn(output, instance.turnLength, task);
      instance.lastTurn = input.turn;
      if (input.undo === true) {
        // The result of compensating is that of the attempt.
        if (output.end !== undefined && "error" in output.end) throw new StepFailure(output.end.error);
      } else if (output.end === undefined) {
        isRetained = true;
        keepNewest(this.#hot, key, { fn, instance }, hotMax);
      }
      return output;
    } finally {
      if (!isRetained) instance.abandon();
      task.signal.removeEventListener("abort", abort);
    }
  }

  /** Returns the instance in memory, if it matches the record. Undefined if the whole journal is needed. */
  #instanceFor(fn: DurableFunction, key: string, input: TurnInput): FunctionInstance | undefined {
    const cached = this.#hot.get(key);
    // A run may have moved to another version, which this worker has too.
    const hot = cached?.fn === fn ? cached.instance : undefined;
    // During its turn no other turn can use it.
    this.#hot.delete(key);
    const isRecorded = hot?.isAbandoned === false && hot.lastTurn === input.last && hot.seed === input.seed;
    const end = input.from + input.journal.length;
    if (isRecorded && hot.position >= input.from && hot.position <= end) return hot;
    if (input.from > 0) return undefined;
    const code = async (instance: FunctionInstance, codeInput: Json) => {
      const ctx = new FunctionContext(instance);
      let output: unknown;
      try {
        output = await fn.code(ctx, codeInput);
        if (!instance.isUndoing) return plain(output, fn.name);
      } catch (error) {
        if (!instance.isUndoing) {
          this.#log(instance, error);
          await ctx.compensateAll();
          throw error;
        }
      }
      const failed = await ctx.compensateAll();
      const worst = failed.find(({ final = false }) => !final) ?? failed[0];
      if (worst !== undefined) throw new StepFailure(worst);
      return null;
    };
    return new FunctionInstance(fn.name, input, code, this.#ports);
  }
}

/** Returns the results that a former attempt had after the same entries, and could not report. */
function savedAt(saved: unknown, known: number): Saved {
  if (typeof saved !== "object" || saved === null) return nothingSaved;
  const { known: at, steps, done = {} } = saved as Partial<Saved> & { readonly known?: unknown };
  return at === known && Array.isArray(steps) ? { steps, done } : nothingSaved;
}

const nothingSaved: Saved = { steps: [], done: {} };

/** Input and results may be in the blob store: the code sees the content. Entries before `position` it has seen. */
async function withContents(turn: TurnInput, position: number, task: TaskContext): Promise<TurnInput> {
  const journal = await contentsOf(turn.journal, task, position - turn.from);
  return { ...turn, input: (await task.content(turn.input)) as Json, journal };
}

async function contentsOf(
  entries: readonly Entry[],
  task: TaskContext,
  first = 0,
): Promise<readonly Entry[]> {
  const read = [...entries];
  for (const [place, entry] of entries.entries())
    if (place >= first && isStored(entry))
      read[place] = { ...entry, output: (await task.content(entry.output)) as Json };
  return read;
}

/** Whether its content is in the blob store. A file is the reference that a step gave. */
function isStored(entry: Entry): entry is Extract<Entry, { readonly output?: Json }> {
  if (!("output" in entry) || !isReference(entry.output)) return false;
  return !("step" in entry && "mediaType" in entry.output);
}

function isReference(value: Json | undefined): value is { readonly $blob: Json } {
  return typeof value === "object" && value !== null && "$blob" in value;
}

/** Puts large content into the blob store, so that the journal has a reference. */
async function storedIn(output: TurnOutput, length: number, task: TaskContext): Promise<TurnOutput> {
  const { end } = output;
  const inputsAboveBytes = length > turnLengthMost ? storedOfMany : storedAboveBytes;
  const stored = await Promise.all(output.steps.map((entry) => storedStep(entry, inputsAboveBytes, task)));
  const steps = stored.map(({ entry }) => entry);
  const bytes = stored.reduce((sum, each) => sum + each.bytes, 0);
  if (end === undefined || !("output" in end) || bytesOf(end.output) + bytes <= turnBytesMax)
    return { ...output, steps };
  return { ...output, steps, end: { output: await task.storeJson(end.output) } };
}

async function storedStep(
  entry: Entry,
  inputsAboveBytes: number,
  task: TaskContext,
): Promise<{ entry: Entry; bytes: number }> {
  const bytes = bytesOf(entry as unknown as Json);
  const input = storableInput(entry);
  if ("task" in entry && input !== undefined && bytesOf(input) > inputsAboveBytes) {
    const spec = { ...entry.spec, with: await task.storeJson(input) } as TaskDocument;
    return { entry: { ...entry, spec }, bytes: referenceBytes };
  }
  if (!("step" in entry) || entry.output === undefined || bytes <= storedAboveBytes) return { entry, bytes };
  return { entry: { ...entry, output: await task.storeJson(entry.output) }, bytes: referenceBytes };
}

/** Size of a message. An output that fits into the message of the last steps is sent inline: expressions read it. */
const turnBytesMax = 1_000_000;
const referenceBytes = 400;

function bytesOf(value: Json): number {
  return typeof value === "object" || typeof value === "string"
    ? Buffer.byteLength(JSON.stringify(value))
    : 8;
}
