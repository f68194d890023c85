import type { Definition } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import { readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import type { Shell } from "../../effects/shell.ts";
import { followRun } from "../../follow/follow.ts";
import { isFileName, readDefinition, type SourceFile } from "../../local/definition-file.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { budgetIn } from "../amounts.ts";
import { definitionNamed, type NamedDefinition } from "../definition.ts";
import { runSession } from "../sessions/write.ts";
import { noteWarnings } from "../warnings.ts";
import { problemsOf, register } from "../workflows/register.ts";
import { undeclaredIn } from "./undeclared.ts";

/** Starts a run and follows it to the end. Registers the definition first if a file is named. */
export async function run(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const target = values.argument("FILE|NAME");
  const file = isFileName(target, shell) ? await readDefinition(target, shell) : undefined;
  if (file !== undefined && (await isSession(file)))
    return await runSession(context, await connect(context), file);
  const input = await readInput([...values.texts("input"), ...values.manyArguments("KEY=VALUE")], shell);
  const parameters = await readInput(values.texts("parameter"), shell, "the parameters");
  const labels = values.labels("label");
  const [id, key] = [values.text("id"), values.text("idempotency-key")];
  const priority = priorityOf(values.text("priority"));
  const budget = budgetIn(context);
  const server = await connect(context);
  const { schema, ...definition } = await definitionOf(context, server, file ?? target);
  const declared = print.hasNotes && input !== undefined ? schema() : undefined;
  const reply = server
    .call("runs.start", {
      query: server.namespace,
      body: {
        definition,
        ...(id === undefined ? {} : { runId: id }),
        ...(input === undefined ? {} : { input }),
        ...(parameters === undefined ? {} : { parameters }),
        ...(Object.keys(labels).length === 0 ? {} : { labels }),
        ...(priority === undefined ? {} : { priority }),
        ...(budget === undefined ? {} : { budget }),
      },
      ...(key === undefined ? {} : { idempotencyKey: key }),
    })
    .catch((error: unknown) => {
      throw fileInstead(error, definition.name, shell) ?? error;
    });
  const { run: started, existed } = await reply;
  if (started === undefined)
    throw new Failure("The platform returned no run.", {
      exitCode: exitCodes.refused,
      code: "strange_answer",
    });
  for (const { field, meant } of undeclaredIn((await declared) ?? "", input))
    print.note(
      print.errorStyle.yellow(
        `Input \`${safe(field)}\` is not declared by ${safe(definition.name)}. Did you mean \`${safe(meant)}\`?`,
      ),
    );
  if (existed === true && (id ?? key) !== undefined)
    print.note(print.errorStyle.dim(`Run ${started.runId} already exists.`));
  if (!values.flag("detach")) return await followRun(context, { server, id: started.runId });
  return {
    json: started,
    draw: () => {
      print.line(started.runId);
    },
  };
}

/** Returns the failure for an unregistered name that is a file here. A cluster does not register files of a folder. */
function fileInstead(error: unknown, name: string, shell: Pick<Shell, "isFile">): Failure | undefined {
  if (!(error instanceof Failure) || error.code !== "definition.missing") return undefined;
  const file = ["yaml", "yml", "json"]
    .map((ending) => `${name}.${ending}`)
    .find((candidate) => shell.isFile(candidate));
  if (file === undefined) return undefined;
  return new Failure(`No workflow \`${name}\`. ${file} is in this folder, and is not registered.`, {
    next: [[`tutti run ${file} …`, "registers and runs it"], ...error.next],
    exitCode: error.exitCode,
    code: error.code,
    cause: error,
  });
}

function priorityOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const priority = Number(text);
  if (!Number.isInteger(priority) || Math.abs(priority) > 100)
    throw usageFailure(`--priority: expected -100 to 100, got \`${text}\``);
  return priority;
}

interface Version extends NamedDefinition {
  /** Returns the schema of its input, as JSON. Undefined if it cannot be read. */
  readonly schema: () => Promise<string | undefined>;
}

/** Returns the version to run: by its content for a file, otherwise by its name. */
async function definitionOf(context: Context, server: Server, target: string | SourceFile): Promise<Version> {
  if (typeof target !== "string") {
    const { name, hash = "", inputSchema }: Definition = await registered(context, server, target);
    return { name, ...(hash === "" ? {} : { hash }), schema: async () => inputSchema };
  }
  const { name, ...version } = definitionNamed(target);
  const query = { ...server.namespace, ...version, withoutLiveCount: true };
  const schema = () =>
    server.call("workflows.get", { params: { name }, query }).then(
      ({ inputSchema }) => inputSchema,
      () => undefined,
    );
  return { name, ...version, schema };
}

/** Whether a file has a session. Looks for the word first: parsing YAML takes longer than the rest of the start. */
async function isSession(file: SourceFile): Promise<boolean> {
  if (!/\bsession\b/.test(file.text)) return false;
  const { isSessionText } = await import("../../local/check-session.ts");
  return isSessionText(file);
}

async function registered(context: Context, server: Server, source: SourceFile): Promise<Definition> {
  const { definition, existed, hasWarnings } = await register(context, server, source);
  if (existed !== true && context.print.errorStyle !== undefined)
    context.print.note(context.print.errorStyle.dim(`registered ${definition.name} from ${source.fileName}`));
  if (hasWarnings && context.print.hasNotes) noteWarnings(context, await problemsOf(source, "warning"));
  return definition;
}
