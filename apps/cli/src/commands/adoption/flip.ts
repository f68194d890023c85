/**
 * Callers of adopted scripts, which give a percentage of their calls to Tutti.
 *
 * 1. Each script has a workflow with two variants: `old` lets the caller run the script, `new` runs it as a task.
 * 2. If the platform is out of reach before a run was started, the caller runs the script.
 * 3. After a start the script is never run a second time.
 */
import { counted } from "@tutti/kernel";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { calling, percentIn, registerVariants } from "../variants/variants.ts";
import { adoptedScripts, noteMissing, type ScriptEnd, scriptEnd } from "./scripts.ts";

/** Output of the workflow of a script if the caller must run the script. */
const byCaller = "caller";

export async function flipScripts(context: Context): Promise<Result> {
  const { values, print } = context;
  const percent = percentIn(context);
  const { folder, scripts } = await adoptedScripts(context, values.manyArguments("NAME"));
  const server = await connect(context);
  if (percent > 0) await noteMissing(context, server, folder, scripts);
  for (const { name } of scripts) {
    const variants = { old: { set: { runBy: byCaller } }, new: calling(name) };
    await registerVariants(server, name, variants, { percent, compares: false });
  }
  return {
    json: { percent, scripts: scripts.map(({ name }) => name) },
    quiet: scripts.map(({ name }) => name),
    draw: () => {
      print.line(
        `${print.style.green("✓")} ${counted(scripts.length, "script")}: Tutti runs ${percent} % of calls`,
      );
      if (percent === 0) return;
      const [{ name: first } = { name: "SCRIPT" }] = scripts;
      const words = [values.argument("FOLDER"), ...values.manyArguments("NAME")];
      print.line("Next, in crontabs and other callers, in place of each script:");
      print.line(`  tutti adopt run ${folder} ${first}`);
      print.line(`Then read times and errors: tutti variant show ${first}`);
      print.line(`Take all calls back: tutti adopt flip ${words.join(" ")}`);
    },
  };
}

export async function runAdopted(context: Context): Promise<Result> {
  const { values, shell } = context;
  const name = values.argument("SCRIPT");
  const { folder, scripts } = await adoptedScripts(context, [name]);
  const [script] = scripts;
  const { command = [], stdin: usual, cwd = folder, env = {} } = script ?? {};
  const args = values.manyArguments("ARG");
  const { runInPlace, pipedInput } = await import("../../effects/scripts.ts");
  const stdin = usual ?? (await pipedInput());
  const direct = () => runInPlace([...command, ...args], { cwd, stdin, env });
  const server = await reachable(context);
  if (server === undefined) {
    shell.errors.write(`tutti: the platform is not reachable, ${name} runs without it\n`);
    return await direct();
  }
  const input = { args, ...(stdin !== undefined && { stdin }) };
  const { run } = await server.call("runs.start", {
    query: server.namespace,
    body: { definition: name, input, labels: { adopted: "call" } },
  });
  const ended = await scriptEnd(server, run?.runId ?? "");
  if (typeof ended === "string")
    throw new Failure(`${name}: ${ended}`, { ...refused, code: "script_failed" });
  if (isByCaller(ended)) return await direct();
  const { stdout, stderr, exitCode } = ended;
  shell.output.write(stdout);
  shell.errors.write(stderr);
  return exitCode;
}

const refused = { exitCode: exitCodes.refused };

function isByCaller(ended: ScriptEnd | { readonly runBy?: string }): ended is { readonly runBy: string } {
  return "runBy" in ended && ended.runBy === byCaller;
}

/**
 * Connects with a call that changes nothing, because a later call may take effect even if it fails. Undefined if the
 * platform is out of reach.
 */
async function reachable(context: Context): Promise<Server | undefined> {
  try {
    const server = await connect(context, { failsFast: true });
    await server.call("whoami");
    return server;
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCodes.unreachable) return undefined;
    throw error;
  }
}
