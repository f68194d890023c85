import type { Definition } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, type SourceProblem } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { readDefinition, type SourceFile, shortName } from "../../local/definition-file.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { noteWarnings } from "../warnings.ts";

export const registerFiles = (context: Context): Promise<Result> =>
  registerAll(context, context.values.manyArguments("FILE"));

export async function registerAll(context: Context, files: readonly string[]): Promise<Result> {
  const { shell, print } = context;
  const sources = await Promise.all(files.map((file) => readDefinition(file, shell)));
  const server = await connect(context);
  const registered: (Definition & { readonly existed: boolean })[] = [];
  const warnings: SourceProblem[] = [];
  for (const source of sources) {
    const { definition, existed, hasWarnings } = await register(context, server, source).catch(
      (error: unknown) => {
        throw withRegistered(error, registered);
      },
    );
    registered.push({ ...definition, existed });
    if (print.hasNotes && hasWarnings) warnings.push(...(await problemsOf(source, "warning")));
  }
  return {
    json: { workflows: registered },
    quiet: registered.map(({ name, hash = "" }) => `${name} ${hash}`.trim()),
    draw: () => {
      const { style } = print;
      for (const { name, hash = "", versionLabels, existed } of registered)
        print.line(
          `${style.green("✓")} ${safe(name)}  ${style.dim(`${hash.slice(0, 12)}  ${versionLabels.join(", ")}  ${existed ? "already exists" : "new version"}`)}`,
        );
      noteWarnings(context, warnings);
    },
  };
}

/** Adds the files that are already registered to a failure. */
function withRegistered(error: unknown, registered: readonly Definition[]): unknown {
  if (!(error instanceof Failure) || registered.length === 0) return error;
  const { why, problems, next, exitCode, code } = error;
  const names = registered.map(({ name }) => safe(name)).join(", ");
  return new Failure(`${error.message} Registered before: ${names}.`, {
    why,
    problems,
    next,
    exitCode,
    code,
    cause: error,
  });
}

export interface Registered {
  readonly definition: Definition;
  readonly existed: boolean;
  /** Whether the definition has problems without being refused, such as an older key. */
  readonly hasWarnings: boolean;
}

/** Registers a source. Shows each error at its line. */
export async function register(context: Context, server: Server, source: SourceFile): Promise<Registered> {
  const { values } = context;
  const labels = values.list("as");
  const percent = values.integer("percent");
  const { format, text } = source;
  try {
    const {
      definition,
      existed = false,
      problems = [],
    } = await server.call("workflows.register", {
      query: server.namespace,
      body: {
        format,
        text,
        fileName: shortName(source),
        ...(labels.length === 0 ? {} : { versionLabels: labels }),
        ...(values.flag("keep-latest") ? { keepLatest: true } : {}),
        ...(percent === undefined ? {} : { rolloutPercent: percent }),
      },
    });
    if (definition !== undefined) return { definition, existed, hasWarnings: problems.length > 0 };
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCodes.refused) throw await wrong(source, error);
    throw error;
  }
  throw new Failure(`${source.fileName} was accepted, but the platform returned no version`, {
    exitCode: exitCodes.refused,
    code: "strange_answer",
  });
}

/** Returns the refusal with the lines of the source, if the local check finds the errors too. */
async function wrong(source: SourceFile, refusal: Failure): Promise<Failure> {
  const errors = await problemsOf(source, "error");
  if (errors.length === 0) return refusal;
  const many = errors.length === 1 ? "an error" : `${errors.length} errors`;
  return new Failure(`${source.fileName} has ${many}, nothing was registered.`, {
    why: refusal.why,
    problems: errors,
    exitCode: exitCodes.refused,
    code: refusal.code,
    cause: refusal,
  });
}

/** Returns the problems that the local check finds. */
export async function problemsOf(
  source: SourceFile,
  severity: "error" | "warning",
): Promise<readonly SourceProblem[]> {
  const { checkFile } = await import("../../local/check.ts");
  return checkFile(source)
    .problems.filter((problem) => problem.severity === severity)
    .map((problem) => ({ problem, text: source.text }));
}
