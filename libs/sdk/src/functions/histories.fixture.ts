/** Plays histories of durable functions: turns with what the platform gives, and what the worker makes of them. */
import { readdirSync, readFileSync } from "node:fs";
import type { Json } from "@tutti/expressions";
import { systemDefer, systemTimers, TuttiError } from "@tutti/kernel";
import type { TaskContext } from "../task/context.ts";
import { testWorkflow } from "../testing/workflow-test.ts";
import { effects, functionOf } from "./history-functions.fixture.ts";
import { FunctionHost } from "./host.ts";
import type { Entry, TurnInput, TurnOutput } from "./wire.ts";

/** An entry without its place and time. */
type Step = Readonly<Record<string, Json>>;

interface Turn {
  /** The entries that the platform adds before it. */
  readonly given?: readonly Step[];
  readonly undo?: boolean;
  /** Steps that the worker adds. */
  readonly steps?: readonly Step[];
  /** How many it adds, if that is too much for a file. */
  readonly count?: number;
  readonly end?: Json;
  readonly more?: boolean;
  /** Parts of the message with which the turn fails. */
  readonly fails?: readonly string[];
  /** Effects of steps, in their order. */
  readonly effects?: readonly string[];
}

export interface History {
  readonly function: string;
  readonly input?: Json;
  /** Of a call of a keyed object. */
  readonly object?: TurnInput["object"];
  /** Steps that a former worker has recorded. */
  readonly recorded?: readonly Step[];
  /** Whether the steps depend on memory of the process, so that another worker makes another history. */
  readonly onlyHot?: boolean;
  readonly turns: readonly Turn[];
}

const folder = new URL("./histories/", import.meta.url);
const startMs = 1_767_225_600_000;
const stepMs = 1_000;
/** Lists with more entries are counted, not shown. */
const countedFrom = 20;
const lengthMax = 10_000;

export function histories(): readonly (readonly [string, History])[] {
  return readdirSync(folder).map((file) => [
    file.replace(".json", ""),
    JSON.parse(readFileSync(new URL(file, folder), "utf8")) as History,
  ]);
}

/** @param isHot true if one worker executes all turns. Otherwise each turn has another one */
export async function play(history: History, isHot: boolean): Promise<readonly Turn[]> {
  let turns: readonly Turn[] = [];
  const test = testWorkflow(
    { workflow: "play", tasks: { play: { uses: "test.play", retry: 1 } } },
    {
      handlers: {
        "test.play": async (_, task) => {
          turns = await turnsOf(history, isHot, task);
        },
      },
    },
  );
  await test.execute();
  return turns;
}

async function turnsOf(history: History, isHot: boolean, task: TaskContext): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  const timed = (step: Step) => ({ atMs: startMs + stepMs * journal.length, ...step }) as unknown as Entry;
  const journal: Entry[] = [];
  for (const step of history.recorded ?? []) journal.push(timed(step));
  let host = new FunctionHost({ timers: systemTimers, defer: systemDefer });
  let from = 0;
  for (const [index, { given = [], undo = false }] of history.turns.entries()) {
    if (!isHot) host = new FunctionHost({ timers: systemTimers, defer: systemDefer });
    for (const step of given) journal.push(timed(step));
    const first = isHot && !undo ? from : 0;
    effects.length = 0;
    const input = {
      ...{ function: 1 as const, input: history.input ?? null, startMs, seed: "run-1/task/1" },
      ...{ nowMs: startMs + stepMs * journal.length, turn: index + 1, last: index },
      ...{ from: first, journal: journal.slice(first), ...(undo && { undo }) },
      ...(history.object !== undefined && { object: history.object }),
    };
    const base: Turn = { ...(given.length > 0 && { given }), ...(undo && { undo }) };
    try {
      const output = await host.turn(functionOf(history.function), input, task);
      turns.push({ ...base, ...summarize(output), ...done() });
      from = journal.length;
      for (const step of output.steps) {
        const { at: _, atMs: __, spec: ___, ...kept } = step as unknown as Record<string, Json>;
        journal.push(timed(kept as Step));
      }
    } catch (error) {
      if (!(error instanceof TuttiError)) throw error;
      turns.push({ ...base, fails: [error.code, error.message], ...done() });
    }
  }
  return turns;
}

function done(): Pick<Turn, "effects"> {
  return effects.length > 0 ? { effects: [...effects] } : {};
}

function summarize({ steps, end, more }: TurnOutput): Turn {
  const bare = steps.map((step) => {
    const { at: _, atMs: __, ...kept } = step as unknown as Record<string, Json>;
    return withoutDetails(kept) as Step;
  });
  const isLarge = bare.length > countedFrom || JSON.stringify(bare).length > lengthMax;
  return {
    ...(isLarge ? { count: bare.length } : { steps: bare }),
    ...(end !== undefined && { end: withoutDetails(end as unknown as Record<string, Json>) }),
    ...(more === true && { more }),
  };
}

/** Details have the stack, which differs. */
function withoutDetails(step: Readonly<Record<string, Json>>): Json {
  const { error, ...rest } = step;
  if (typeof error !== "object" || error === null || Array.isArray(error)) return step;
  const { details: _, ...kept } = error as Record<string, Json>;
  return { ...rest, error: kept };
}
