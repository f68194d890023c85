import { dirname, join } from "node:path";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { handOverToProgram, platformOf } from "../../local/clone.ts";
import { registerAll } from "../workflows/register.ts";

const subject = "`tutti template`";
const kinds: ReadonlySet<string> = new Set(["workflows", "agents", "missions", "sessions"]);

export const listTemplates = (context: Context): Promise<Result> => program(context, ["list"]);

export const showTemplate = (context: Context): Promise<Result> =>
  program(context, ["show", context.values.argument("NAME")]);

export const runTemplate = (context: Context): Promise<Result> =>
  program(context, ["run", context.values.argument("NAME")]);

/** Publishes a template. Its workflows are files next to the program. */
export async function publishTemplate(context: Context): Promise<Result> {
  const { values, shell } = context;
  const name = values.argument("NAME");
  const [, kind = "workflows", own = ""] = /^(?:(\w+)\/)?([a-z0-9-]+)$/.exec(name) ?? [];
  const folder = join(platformOf(shell, subject).examples, kind, own);
  if (own === "" || !kinds.has(kind) || !shell.exists(folder))
    throw usageFailure(`Template \`${name}\` not found. List templates with \`tutti template list\`.`);
  const files = (await shell.filesIn(folder)).filter(
    (file) => file.endsWith(".yaml") && dirname(file) === folder,
  );
  if (files.length === 0)
    throw usageFailure(`Template \`${name}\` is a program and has no definition to register.`, [
      [`tutti template show ${name}`, "prints the program, to copy it"],
    ]);
  return await registerAll(context, files);
}

/** Runs the program of templates. It is separate from the CLI because its workers need the SDK. */
async function program({ values, shell }: Context, verb: readonly string[]): Promise<Result> {
  const args = [...verb, ...(values.flag("json") ? ["--json"] : [])];
  return await handOverToProgram(shell, subject, ["template", ...args]);
}
