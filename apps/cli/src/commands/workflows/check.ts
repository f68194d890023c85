import { counted } from "@tutti/kernel";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Result } from "../../command/presenter.ts";
import type { Checked } from "../../local/check.ts";
import { readDefinition, shortName } from "../../local/definition-file.ts";
import { drawProblem } from "../../terminal/problems.ts";
import { safe } from "../../terminal/text.ts";

/** Checks definition files on this machine, with `--against` also against the platform. */
export async function check(context: Context): Promise<Result> {
  const { values, shell } = context;
  const files = await Promise.all(values.manyArguments("FILE").map((file) => readDefinition(file, shell)));
  const { checkFile } = await import("../../local/check.ts");
  const local = files.map((file) => checkFile(file));
  const checked = values.flag("against")
    ? await Promise.all(local.map((result) => checkOnServer(context, result)))
    : local;
  const errors = checked.flatMap(({ problems }) => problems.filter(({ severity }) => severity === "error"));
  return {
    json: { files: checked.map(jsonOf), ok: errors.length === 0 },
    quiet: checked.flatMap((result) => problemLines(context, result)),
    draw: () => {
      for (const result of checked) draw(context, result);
    },
    exitCode: errors.length === 0 ? exitCodes.completed : exitCodes.failed,
  };
}

/** Validates a correct definition against the platform. */
async function checkOnServer(context: Context, checked: Checked): Promise<Checked> {
  if (checked.definition === undefined) return checked;
  const { connect } = await import("../../server/server.ts");
  const server = await connect(context);
  const { file } = checked;
  const { problems } = await server.call("workflows.check", {
    query: server.namespace,
    body: { format: file.format, text: file.text, fileName: shortName(file), againstInstallation: true },
  });
  return {
    ...checked,
    problems: problems.map((problem) => ({
      severity: problem.severity === "error" ? "error" : "warning",
      code: problem.code ?? "",
      fileName: file.fileName,
      line: problem.line ?? 0,
      column: problem.column ?? 0,
      path: problem.path ?? "",
      message: problem.message ?? "",
      expected: problem.expected ?? "",
    })),
  };
}

function problemLines({ print }: Context, { file, problems }: Checked): string[] {
  const page = { style: print.style, width: Math.min(print.width, 120) };
  return problems.flatMap((problem) => [...drawProblem(problem, file.text, page), ""]);
}

function draw(context: Context, checked: Checked): void {
  const { print } = context;
  const { file, problems, definition } = checked;
  const { style } = print;
  print.lines(problemLines(context, checked));
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const warnings = problems.length - errors;
  if (errors > 0)
    print.line(
      `${style.red("✗")} ${safe(file.fileName)}: ${counted(errors, "error")}${warnings > 0 ? `, ${counted(warnings, "warning")}` : ""}`,
    );
  else {
    const name =
      definition === undefined ? "" : ` ${style.dim(`workflow ${safe(definition.document.workflow)}`)}`;
    const remarks = warnings > 0 ? style.yellow(`, ${counted(warnings, "warning")}`) : "";
    print.line(`${style.green("✓")} ${safe(file.fileName)}${name}${remarks}`);
  }
}

function jsonOf({ file, problems, definition }: Checked): object {
  return {
    file: file.fileName,
    ...(definition === undefined ? {} : { workflow: definition.document.workflow, hash: definition.hash }),
    problems,
  };
}
