/** The output of a session: the outputs of its tasks by id, or the value of an expression. */
import { type ErrorDetail, type Payload, TaskStatus } from "@tutti/contracts/types/v1";
import type { Value } from "@tutti/expressions";
import {
  type Data,
  dataOfPayload,
  detailOfRefusal,
  encodeJson,
  expressionOf,
  joinedObject,
  memberName,
  parsed,
  taskValue,
  UnreadableData,
  valueBytesMax,
} from "@tutti/machine-work";
import { sessionErrors } from "../errors.ts";
import { listOf, type SessionView } from "../state.ts";

export type Output =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly error: ErrorDetail };

/** Returns the value of the expression. Empty bytes if the outputs of all tasks are the output. */
export function computedOutput(session: SessionView): Output {
  const { output } = listOf(session);
  if (output === "") return { ok: true, bytes: new Uint8Array(0) };
  const compiled = expressionOf(textOf(output), "output", false);
  if (!compiled.ok) return failed(compiled.problem);
  try {
    const result = compiled.program.evaluate((place) =>
      valueOfName(session, compiled.program.references[place] ?? ""),
    );
    if (!result.ok) return failed(result.problem.message);
    const bytes = encodeJson(result.value);
    if (bytes.length <= valueBytesMax) return { ok: true, bytes };
    const refusal = sessionErrors.outputTooLarge.refusal({ found: bytes.length, max: valueBytesMax });
    return { ok: false, error: detailOfRefusal(refusal) };
  } catch (error) {
    if (!(error instanceof UnreadableData)) throw error;
    return failed(error.message);
  }
}

/** Returns the expression without `${{ }}`, which is optional as in definitions. */
export function textOf(output: string): string {
  return /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(output)?.[1] ?? output;
}

function failed(problem: string): Output {
  return { ok: false, error: detailOfRefusal(sessionErrors.outputFailed.refusal({ problem })) };
}

function valueOfName(session: SessionView, name: string): Value | undefined {
  if (name === "input") return parsed(dataOfPayload(listOf(session).input as Payload | undefined));
  if (name === "tasks")
    return Object.fromEntries(session.tasks.map((task) => [task.spec.id, taskValue(task)]));
  if (!name.startsWith("tasks.")) return undefined;
  const task = session.tasks[session.byId.get(name.slice("tasks.".length)) ?? -1];
  return task === undefined ? undefined : taskValue(task);
}

/** Returns the output of a session that has completed. */
export function outputOf(session: SessionView): Data | undefined {
  return session.isOutputOfTasks ? joinedOutputs(session) : (session.output as Data | undefined);
}

/** Returns the outputs of all completed tasks, by id. */
export function joinedOutputs(session: SessionView): Data {
  const done = session.tasks.filter(({ status }) => status === TaskStatus.TASK_STATUS_COMPLETED);
  return joinedObject(
    done.map(({ spec }) => memberName(spec.id)),
    done.map(({ output }) => output as Data | undefined),
  );
}
