import { dirname, join } from "node:path";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { handOverToProgram, platformOf } from "../../local/clone.ts";
import { keyOf } from "../../server/address.ts";
import { connect } from "../../server/server.ts";
import { registerAll } from "../workflows/register.ts";

const subject = "`tutti template`";
const kinds: ReadonlySet<string> = new Set(["workflows", "agents", "missions", "sessions"]);

export const listTemplates = (context: Context): Promise<Result> => program(context, ["list"]);

export const showTemplate = (context: Context): Promise<Result> =>
  program(context, ["show", context.values.argument("NAME")]);

/** Runs a template. Its workers wait for a platform that is not running, so this command first requires an answer. */
export async function runTemplate(context: Context): Promise<Result> {
  const { values, shell } = context;
  const name = values.argument("NAME");
  const words = ["run", name];
  // The program suggests a similar name.
  if (folderOf(shell, name) === undefined) return await program(context, words);
  const [server, key] = [await connect(context), await keyOf(context)];
  await server.call("whoami");
  return await program(context, words, {
    TUTTI_URL: server.url,
    // It may be the address of another platform.
    ...(values.text("server") !== undefined && { TUTTI_ADDRESS: "" }),
    ...(key !== undefined && { TUTTI_API_KEY: key }),
  });
}

/** Returns the folder of a template. Undefined if there is none of this name. */
function folderOf(shell: Context["shell"], name: string): string | undefined {
  const [, kind = "workflows", own = ""] = /^(?:(\w+)\/)?([a-z0-9-]+)$/.exec(name) ?? [];
  const folder = join(platformOf(shell, subject).examples, kind, own);
  return own !== "" && kinds.has(kind) && shell.exists(folder) ? folder : undefined;
}

/** Publishes a template. Its workflows are files next to the program. */
export async function publishTemplate(context: Context): Promise<Result> {
  const { values, shell } = context;
  const name = values.argument("NAME");
  const folder = folderOf(shell, name);
  if (folder === undefined)
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
async function program(
  { values, shell }: Context,
  verb: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const args = [...verb, ...(values.flag("json") ? ["--json"] : [])];
  return await handOverToProgram(shell, subject, ["template", ...args], variables);
}
