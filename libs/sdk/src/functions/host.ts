/** The durable functions of a worker: those that wait stay at hand, so that they continue without a replay. */
import type { Json } from "@tutti/expressions";
import type { TaskContext } from "../task/context.ts";
import { FunctionContext } from "./context.ts";
import type { DurableFunction } from "./durable.ts";
import { StepFailure } from "./failure.ts";
import { FunctionInstance, type FunctionPorts, type Saved } from "./instance.ts";
import type { Entry, TurnInput, TurnOutput } from "./wire.ts";

/** Functions that a worker keeps at hand. The one that was not used for longest is replayed when it continues. */
const hotMax = 10_000;

interface Hot {
  readonly fn: DurableFunction;
  readonly instance: FunctionInstance;
}

export class FunctionHost {
  readonly #hot = new Map<string, Hot>();
  readonly #ports: FunctionPorts;

  constructor(ports: FunctionPorts) {
    this.#ports = ports;
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
    try {
      const turn = instance.runTurn(refersToContent(input) ? await contentsRead(input, task) : input, {
        saved: savedAt(task.saved, known),
        save: (saved) => task.progress({ saved }),
        clock: () => Math.round(input.nowMs + task.elapsedMs),
        task,
        isTraced: input.turn > input.last + 1,
      });
      const output = await Promise.race([turn, aborted.promise]);
      instance.lastTurn = input.turn;
      if (input.undo === true) {
        // The result of compensating is that of the attempt.
        if (output.end !== undefined && "error" in output.end) throw new StepFailure(output.end.error);
      } else if (output.end === undefined) this.#keep(key, { fn, instance });
      return output;
    } finally {
      task.signal.removeEventListener("abort", abort);
    }
  }

  /** The one at hand, where it is the recorded one. Undefined where the journal is needed from its start. */
  #instanceFor(fn: DurableFunction, key: string, input: TurnInput): FunctionInstance | undefined {
    const kept = this.#hot.get(key);
    // A run may have moved to another version, which this worker has too.
    const hot = kept?.fn === fn ? kept.instance : undefined;
    // While it makes a turn it is not at hand for another one.
    this.#hot.delete(key);
    const isRecorded = hot !== undefined && hot.lastTurn === input.last && hot.seed === input.seed;
    const end = input.from + input.journal.length;
    if (isRecorded && hot.position >= input.from && hot.position <= end) return hot;
    if (input.from > 0) return undefined;
    const code = async (instance: FunctionInstance, given: Json) => {
      const ctx = new FunctionContext(instance);
      let output: unknown;
      try {
        output = await fn.code(ctx, given);
        if (!instance.isUndoing) return jsonOf(output);
      } catch (error) {
        if (!instance.isUndoing) {
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

  #keep(key: string, hot: Hot): void {
    this.#hot.set(key, hot);
    if (this.#hot.size <= hotMax) return;
    const [oldest] = this.#hot.keys();
    if (oldest !== undefined) this.#hot.delete(oldest);
  }
}

function jsonOf(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}

/** What an attempt before did behind the same entries, and could not report. */
function savedAt(saved: unknown, known: number): Saved {
  if (typeof saved !== "object" || saved === null) return nothingSaved;
  const { known: at, steps, done = {} } = saved as Partial<Saved> & { readonly known?: unknown };
  return at === known && Array.isArray(steps) ? { steps, done } : nothingSaved;
}

const nothingSaved: Saved = { steps: [], done: {} };

function refersToContent({ input, journal }: TurnInput): boolean {
  return isReference(input) || journal.some((entry) => "end" in entry && isReference(entry.output));
}

function isReference(value: Json | undefined): boolean {
  return typeof value === "object" && value !== null && "$blob" in value;
}

/** Outputs of tasks and the input may be in the blob store: the code sees the content. */
async function contentsRead(input: TurnInput, task: TaskContext): Promise<TurnInput> {
  const given = await task.content(input.input);
  let journal: Entry[] | undefined;
  for (const [place, entry] of input.journal.entries()) {
    if (!("end" in entry) || entry.output === undefined) continue;
    const output = await task.content(entry.output);
    if (output === entry.output) continue;
    journal ??= [...input.journal];
    journal[place] = { ...entry, output: output as Json };
  }
  return { ...input, input: given as Json, journal: journal ?? input.journal };
}
