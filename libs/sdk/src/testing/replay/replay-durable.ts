/**
 * Replays the history of a run against a changed durable function, and reports the first step that differs. Nothing
 * runs: the code stops where the history ends.
 */
import { RunStartedV1 } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import { silentLogger, systemDefer, systemTimers } from "@tutti/kernel";
import { RunPlan, runMachine } from "@tutti/machine-run";
import { functionTurns } from "@tutti/machine-run/reading";
import type { DurableFunction } from "../../functions/durable.ts";
import { FunctionHost } from "../../functions/host.ts";
import type { TurnInput } from "../../functions/wire.ts";
import type { TaskContext } from "../../task/context.ts";
import { checkedWithoutErrors, type DefinitionInput } from "../definitions.ts";
import { WorkflowTestError } from "../fault.ts";
import { type HistoryInput, isList, plainEvents } from "../history.ts";
import { jsonIn } from "../json.ts";

export interface ReplayDurableOptions {
  /** The definition of the run, if the function is a task of a larger one. A history of a test has it. */
  readonly recordedWith?: DefinitionInput;
}

export interface ReplayedFunction {
  readonly differs: boolean;
  /** The first step that differs, as the history has it: step `charge` at order.ts:12. Empty if none does. */
  readonly history: string;
  /** Operation of the code in its place. */
  readonly code: string;
  /** Steps and results that are the same. */
  readonly same: number;
  /** All of it in a sentence. */
  readonly message: string;
}

/** Resolves with the first step at which the code differs from the run. */
export async function replayDurable<Input, Output>(
  fn: DurableFunction<Input, Output>,
  history: HistoryInput,
  { recordedWith }: ReplayDurableOptions = {},
): Promise<ReplayedFunction> {
  const events = plainEvents(history);
  const definition = recordedWith ?? (isList(history) ? undefined : history.definition) ?? fn.definition;
  const key = isList(history) ? { namespace: "default", kind: "run", id: "replayed" } : history.key;
  const { order } = RunStartedV1.decode(events[0]?.payload ?? new Uint8Array(0));
  const parameters =
    order === undefined || order.parameters.length === 0 ? undefined : (jsonIn(order.parameters) as Json);
  const { plan, hash } = checkedWithoutErrors(definition, parameters);
  if (plan === undefined)
    throw new WorkflowTestError("expected the history of a template to have its parameters");
  const known = new RunPlan(plan, hash);
  const turns = functionTurns(runMachine({ plans: { plan: () => known } }), key, fn.name, events);
  if (turns.length === 0)
    throw new WorkflowTestError(
      `expected the history of a run with the durable function ${fn.name}, got none`,
    );
  let same = 0;
  for (const { input, hasEnded } of turns) {
    const turn = jsonIn(input) as unknown as TurnInput;
    const found = await playDry(fn as unknown as DurableFunction, turn, hasEnded);
    if (found.differs) return { ...found, same: same + found.same };
    same += found.same;
  }
  const message = `the changed code does the same: ${same} entries of the journal`;
  return { differs: false, history: "", code: "", same, message };
}

async function playDry(fn: DurableFunction, turn: TurnInput, hasEnded: boolean): Promise<ReplayedFunction> {
  let changed: { readonly history: string; readonly code: string; readonly same: number } | undefined;
  const host = new FunctionHost({
    ...{ timers: systemTimers, defer: systemDefer },
    dry: {
      changed: (past, code, same) => {
        changed = { history: past, code, same };
      },
    },
  });
  const output = await host.turn(fn, turn, taskOf(turn)).catch((error: unknown) => {
    if (changed === undefined) throw error;
  });
  const same = turn.journal.length;
  if (changed !== undefined) return differing(changed);
  if (hasEnded && output?.end === undefined)
    return differing({ history: "its end", code: output?.next?.[0] ?? "it waits", same });
  if (!hasEnded && output?.end !== undefined)
    return differing({ history: "it waits", code: "its end", same });
  return { differs: false, history: "", code: "", same, message: "" };
}

function differing(found: Pick<ReplayedFunction, "history" | "code" | "same">): ReplayedFunction {
  const message = `the changed code differs behind ${found.same} entries of the journal: history has ${found.history}, code has ${found.code}`;
  return { differs: true, ...found, message };
}

/** A task that stores and reports nothing. */
function taskOf({ seed }: TurnInput): TaskContext {
  const task = {
    ...{ namespace: "default", workId: seed, taskId: seed, elapsedMs: 0, saved: undefined },
    ...{ signal: new AbortController().signal, logger: silentLogger },
    progress: () => {},
    content: (value: unknown) => Promise.resolve(value),
  };
  // Code reads its task inside of steps, and no step runs.
  return task as unknown as TaskContext;
}
