/** Repairs a task of a run by hand, after a preview. */
import { counted } from "@tutti/kernel";
import type { Task } from "@tutti/rest/types";
import { isConfirmed } from "../../command/confirm.ts";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { usageFailure } from "../../command/failure.ts";
import { type Json, readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { displayOf } from "../../terminal/states.ts";
import { safe } from "../../terminal/text.ts";

interface Repair {
  readonly effect: string;
  readonly body: {
    readonly output?: Json;
    readonly input?: Json;
    readonly skip?: { readonly skipDependents: boolean };
    readonly error?: { readonly code: string; readonly message: string };
    readonly reason: string;
  };
}

export async function repair(context: Context): Promise<Result> {
  const { values, print } = context;
  const [id, taskId] = [values.argument("ID"), values.argument("TASK")];
  const requested = await repairOf(context);
  const server = await connect(context);
  const params = { id, task: taskId };
  const task = await server.call("tasks.get", { params, query: server.namespace });
  const dependents = await dependentsOf(server, id, taskId);
  const change = `Task ${safe(taskId)} (${displayOf(task.status).words}) ${requested.effect}.`;
  const rest =
    dependents.length === 0
      ? "No task needs it."
      : `${counted(dependents.length, "task")} after it: ${dependents.map(safe).join(", ")}.`;
  print.note(`${change} ${rest}`);
  const isDry = values.flag("dry-run");
  if (isDry || !(await isConfirmed(context, `Repair ${safe(taskId)} of ${safe(id)}?`)))
    return isDry ? { json: { task, dependents }, quiet: dependents, draw: () => {} } : exitCodes.completed;
  const repaired = await server.call("tasks.repair", {
    params,
    query: server.namespace,
    body: requested.body,
  });
  return {
    json: repaired,
    quiet: [],
    draw: () => {
      print.line(
        `${print.style.green("✓")} ${safe(taskId)} of ${safe(id)}: ${displayOf(repaired.status).words}`,
      );
    },
  };
}

/** Returns the repair of the options: exactly one of a value, a skip and an error. */
async function repairOf({ values, shell }: Context): Promise<Repair> {
  const reason = values.text("reason") ?? "";
  if (reason === "")
    throw usageFailure("Pass `--reason`. It is recorded in the history and in the audit log.");
  const output = await readInput(values.manyArguments("VALUE"), shell, "the value");
  const [code, skipDependents] = [values.text("fail-with"), values.flag("skip-dependents")];
  const isSkip = skipDependents || values.flag("skip");
  if ([output !== undefined, isSkip, code !== undefined].filter(Boolean).length !== 1)
    throw usageFailure("Pass one of VALUE, `--skip` and `--fail-with CODE`.");
  if (values.flag("rerun") && output === undefined)
    throw usageFailure("Pass VALUE with `--rerun`: the input of the task.");
  if (values.flag("rerun"))
    return {
      effect: "will run with this input, and all tasks that need it run again",
      body: { input: output ?? null, reason },
    };
  if (output !== undefined) return { effect: "will be completed with this output", body: { output, reason } };
  if (code !== undefined)
    return { effect: `will fail with \`${safe(code)}\``, body: { error: { code, message: reason }, reason } };
  const effect = skipDependents ? "will be skipped with all tasks that need it" : "will be skipped";
  return { effect, body: { skip: { skipDependents }, reason } };
}

/** Returns the tasks that depend on a task, directly or through others. */
async function dependentsOf(server: Server, id: string, task: string): Promise<readonly string[]> {
  const tasks: Task[] = [];
  for (let token = ""; ; ) {
    const query = { ...server.namespace, topOnly: true, ...(token !== "" && { token }) };
    const page = await server.call("tasks.list", { params: { id }, query });
    tasks.push(...page.tasks);
    token = page.nextToken ?? "";
    if (token === "") break;
  }
  const found = new Set([task]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const { taskId, needs } of tasks)
      if (needs.some((need) => found.has(need.task ?? ""))) found.add(taskId);
  }
  found.delete(task);
  return [...found];
}
