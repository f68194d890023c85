/**
 * Replays the history of a run against a changed definition, and says where that would have decided otherwise.
 *
 * The machine of runs decides the same from the same: so a run of the changed definition receives, one by one, the
 * recorded results, signals, decisions and times. Its decisions are compared with the recorded ones.
 *
 * 1. Events are compared by what they say of tasks by their ids. Moments, agents and numbers do not count, spans of
 *    time do.
 * 2. The first difference ends it: what came after would have been another run.
 */
import { RunStartedV1 } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import { type InstanceKey, isRefusal } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/virtual";
import { beginRun, explain, type Run, RunPlan, runMachine } from "@tutti/machine-run";
import { checkedWithoutErrors, type DefinitionInput } from "../definitions.ts";
import { WorkflowTestError } from "../fault.ts";
import { type HistoryInput, isList, type PlainEvent, plainEvents } from "../history.ts";
import { jsonIn } from "../json.ts";
import { noCause, Stage, type StagedEvent } from "../stage.ts";
import { fireOverdue, type ReplayedRun, reproduce } from "./causes.ts";
import { describeEvent, type EventDescription, isSame, printed } from "./event-description.ts";
import { momentOf } from "./moments.ts";
import { pauseDiffers } from "./pauses.ts";

export interface ReplayOptions {
  /**
   * The definition of the recorded run, so that its tasks are known by their ids. A history of a test contains it.
   * Without it, tasks are matched by their position in the changed definition.
   */
  readonly recordedWith?: DefinitionInput;
  /** Id of the run, for definitions that compute with it. A history in a file bears it. */
  readonly runId?: string;
}

export interface Replayed {
  readonly differs: boolean;
  /**
   * Number of the first event that would have been another one, from 1. One after the last where more would have
   * followed.
   */
  readonly event: number | undefined;
  /** Id of the task. Empty for an event of the run itself. */
  readonly task: string;
  /** The recorded decision. */
  readonly expected: string;
  /** The decision of the changed definition. */
  readonly found: string;
  /** Number of equal events. */
  readonly same: number;
  /** All of it in a sentence. */
  readonly message: string;
  toString(): string;
}

const unnamed: InstanceKey = { namespace: "default", kind: "run", id: "replayed" };
const nothing = "nothing";
const service = "workflow";

/** Returns the first event at which a changed definition decides differently, if there is one. */
export function replay(
  history: HistoryInput,
  changed: DefinitionInput,
  options: ReplayOptions = {},
): Replayed {
  const events = plainEvents(history);
  const definition = isList(history) ? undefined : history.definition;
  const key = isList(history) ? { ...unnamed, id: options.runId ?? unnamed.id } : history.key;
  return new Replay(events, key, changed, options.recordedWith ?? definition).run();
}

class Replay {
  readonly #events: readonly PlainEvent[];
  readonly #time: VirtualTime;
  readonly #key: InstanceKey;
  readonly #recorded;
  readonly #changed;
  readonly #order;
  readonly #hash: string;
  /** How many events of the changed run were compared. */
  #compared = 0;

  constructor(
    events: readonly PlainEvent[],
    key: InstanceKey,
    changed: DefinitionInput,
    recorded: DefinitionInput | undefined,
  ) {
    const { order, createMs } = RunStartedV1.decode(events[0]?.payload ?? new Uint8Array(0));
    if (order === undefined) throw new WorkflowTestError("expected run_started to bear an order, got none");
    const parameters = order.parameters.length === 0 ? undefined : (jsonIn(order.parameters) as Json);
    const now = planOf(changed, parameters);
    const then = recorded === undefined ? now : planOf(recorded, parameters);
    if (recorded !== undefined && order.hash !== "" && then.hash !== order.hash)
      throw new WorkflowTestError(
        `expected \`recordedWith\` to be the definition that the history names, ${order.hash.slice(0, 12)}…, got ${then.hash.slice(0, 12)}…; give the version that the run had`,
      );
    this.#events = events;
    this.#key = key;
    this.#time = new VirtualTime(createMs);
    this.#order = order;
    this.#hash = now.hash;
    this.#recorded = this.#staged(then, order.hash);
    this.#changed = this.#staged(now, now.hash);
  }

  run(): Replayed {
    for (const [index, event] of this.#events.entries()) {
      const recorded = this.#fold(event, index);
      if (recorded === undefined) return this.#differs(index, event.type, "an event that fits no task of it");
      const expected = describeEvent(this.#recorded.stage, this.#recorded.machine, this.#key, recorded);
      if (this.#changedEvents.length === this.#compared) fireOverdue(this.#changed, recorded.timeMs);
      if (this.#changedEvents.length === this.#compared) this.#cause(index, recorded, expected);
      const next = this.#next();
      if (next === undefined) return this.#differs(index, printed(expected), this.#waiting(), expected.task);
      const found = describeEvent(this.#changed.stage, this.#changed.machine, this.#key, next);
      if (!isSame(expected, found))
        return this.#differs(index, printed(expected), printed(found), expected.task);
      const pause = pauseDiffers(recorded, this.#changed.state, expected.task);
      if (pause !== undefined)
        return this.#differs(index, `${printed(expected)}, ${pause.expected}`, pause.found, expected.task);
    }
    const more = this.#next();
    if (more === undefined) return this.#isSame();
    const found = describeEvent(this.#changed.stage, this.#changed.machine, this.#key, more);
    return this.#differs(this.#events.length, nothing, printed(found), found.task);
  }

  get #changedEvents(): readonly StagedEvent[] {
    return this.#changed.stage.historyOf(this.#key);
  }

  #next(): StagedEvent | undefined {
    return this.#changedEvents[this.#compared++];
  }

  /**
   * Undefined if the event names a task that the definition does not know. That happens without the recorded
   * definition.
   */
  #fold(event: PlainEvent, index: number): StagedEvent | undefined {
    const nowMs = momentOf(this.#recorded.machine, event) ?? this.#time.now();
    this.#time.advance(Math.max(0, nowMs - this.#time.now()));
    const staged = { ...event, timeMs: this.#time.now(), cause: noCause };
    try {
      this.#recorded.stage.fold(this.#key, staged);
      return staged;
    } catch (error) {
      if (error instanceof WorkflowTestError || index === 0) throw error;
      return undefined;
    }
  }

  #cause(index: number, recorded: StagedEvent, expected: EventDescription): void {
    if (index > 0) {
      reproduce(this.#changed, recorded, expected);
      return;
    }
    const order = { ...this.#order, hash: this.#hash };
    this.#changed.stage.execute(this.#key, beginRun, { order });
  }

  /** It decides nothing: why. */
  #waiting(): string {
    const { stage, key } = this.#changed;
    const explanation = stage.query(key, explain, { taskId: "" });
    return isRefusal(explanation) ? nothing : `${nothing}. ${explanation.summary}`;
  }

  #staged({ plan, hash }: { readonly plan: RunPlan; readonly hash: string }, named: string) {
    const machine = runMachine({
      plans: {
        plan: (requested) => {
          if (requested === hash || requested === named) return plan;
          throw new WorkflowTestError(`expected a run of one definition, got another one, ${requested}`);
        },
      },
    });
    const doers = { start: () => {}, withdraw: () => {} };
    const chance = { random: () => 0 };
    const parts = { machines: [machine], service, time: this.#time, chance, doers, timersRun: false };
    const stage = new Stage(parts);
    const key = this.#key;
    return {
      ...{ stage, machine, key },
      get state(): Run {
        return stage.stateOf(key, machine);
      },
    } satisfies ReplayedRun & { machine: unknown };
  }

  #isSame(): Replayed {
    const count = this.#events.length;
    const message = `the changed definition would have decided the same: ${count} events`;
    return {
      ...{ differs: false, event: undefined, task: "", expected: "", found: "", same: count, message },
      toString: () => message,
    };
  }

  #differs(index: number, expected: string, found: string, task = ""): Replayed {
    const event = index + 1;
    const isAfter = index === this.#events.length;
    const place = isAfter ? `after event ${index}, the last` : `at event ${event} of ${this.#events.length}`;
    const message = `the changed definition would have decided otherwise ${place}:\n  expected ${isAfter ? "nothing more" : expected}\n  found    ${found}`;
    return { differs: true, event, task, expected, found, same: index, message, toString: () => message };
  }
}

function planOf(source: DefinitionInput, parameters: Json | undefined) {
  const { plan, hash, document } = checkedWithoutErrors(source, parameters);
  if (plan === undefined)
    throw new WorkflowTestError(
      `expected a history of the template ${document.workflow} to bear its parameters, got none`,
    );
  return { plan: new RunPlan(plan, hash), hash };
}
