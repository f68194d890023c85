import type { Definition } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { readDefinition, type SourceFile, shortName } from "../../local/definition-file.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { drawProblem } from "../../terminal/problems.ts";
import { safe } from "../../terminal/text.ts";

export async function registerFiles(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const sources = await Promise.all(values.manyArguments("FILE").map((file) => readDefinition(file, shell)));
  const server = await connect(context);
  const registered: (Definition & { readonly existed: boolean })[] = [];
  for (const source of sources) {
    const { definition, existed } = await register(context, server, source);
    registered.push({ ...definition, existed });
    if (print.isJson) continue;
    const { style } = print;
    const hash = (definition.hash ?? "").slice(0, 12);
    if (print.isQuiet) print.line(`${definition.name} ${definition.hash ?? ""}`.trim());
    else
      print.line(
        `${style.green("✓")} ${safe(definition.name)}  ${style.dim(`${hash}  ${definition.versionLabels.join(", ")}  ${existed ? "already exists" : "new version"}`)}`,
      );
  }
  if (print.isJson) print.json({ workflows: registered });
  return exitCodes.completed;
}

export interface Registered {
  readonly definition: Definition;
  readonly existed: boolean;
}

/** Registers a source. Where it is wrong, every mistake is shown at its place. */
export async function register(context: Context, server: Server, source: SourceFile): Promise<Registered> {
  const { values } = context;
  const labels = values.list("as");
  const { format, text } = source;
  try {
    const { definition, existed = false } = await server.call("workflows.register", {
      query: server.namespace,
      body: {
        format,
        text,
        fileName: shortName(source),
        ...(labels.length === 0 ? {} : { versionLabels: labels }),
        ...(values.flag("keep-latest") ? { keepLatest: true } : {}),
      },
    });
    if (definition !== undefined) return { definition, existed };
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCodes.refused)
      throw await wrong(context, source, error);
    throw error;
  }
  throw new Failure(`${source.fileName} was accepted, but the platform returned no version`, {
    exitCode: exitCodes.refused,
    code: "strange_answer",
  });
}

/** Returns the refusal with the source's own lines, where the same mistakes are found here. */
async function wrong({ print }: Context, source: SourceFile, refusal: Failure): Promise<Failure> {
  const { checkFile } = await import("../../local/check.ts");
  const { problems } = checkFile(source);
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return refusal;
  const page = { style: print.errorStyle, width: Math.min(print.errorWidth, 120) };
  if (!print.isJson)
    for (const problem of errors) print.errorLines([...drawProblem(problem, source.text, page), ""]);
  const many = errors.length === 1 ? "an error" : `${errors.length} errors`;
  return new Failure(`${source.fileName} has ${many}, nothing was registered.`, {
    why: print.isJson ? refusal.why : [],
    exitCode: exitCodes.refused,
    code: refusal.code,
    cause: refusal,
  });
}
