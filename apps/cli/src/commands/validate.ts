import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { usageFailure } from "../command/failure.ts";
import { readDefinition } from "../local/definition-file.ts";
import { drawProblem } from "../terminal/problems.ts";
import { safe } from "../terminal/text.ts";

/** Checks all files of a folder together, each by its kind. No platform is asked. */
export async function validate(context: Context): Promise<number> {
  const { values, shell, print, version } = context;
  const folder = values.optionalArgument("FOLDER") ?? ".";
  const { mayBeChecked, validate: checkAll } = await import("../local/validate/validate.ts");
  const names = await shell.filesIn(folder).catch(() => {
    throw usageFailure(`expected a folder, found none at ${safe(folder)}`, [
      ["tutti validate .", "everything from here down"],
    ]);
  });
  const wanted = names.filter(mayBeChecked);
  const files = await Promise.all(wanted.map((name) => readDefinition(name, shell)));
  const { problems, checked, skipped } = checkAll(files);
  const errors = problems.filter(({ severity }) => severity === "error").length;
  if (values.flag("sarif")) {
    const { sarifOf } = await import("../local/validate/sarif.ts");
    print.json(sarifOf(problems, version));
  } else if (print.isJson) {
    const names = checked.map(({ fileName }) => fileName);
    print.json({ checked: names, skipped, problems, ok: errors === 0 });
  } else {
    const texts = new Map(checked.map(({ fileName, text }) => [fileName, text]));
    const drawn = { style: print.style, width: Math.min(print.width, 120) };
    for (const problem of problems)
      print.lines([...drawProblem(problem, texts.get(problem.fileName) ?? "", drawn), ""]);
    const mark = errors === 0 ? print.style.green("✓") : print.style.red("✗");
    const rest = skipped.length === 0 ? "" : `, ${skipped.length} of no known kind passed over`;
    if (!print.isQuiet)
      print.line(
        `${mark} ${checked.length} files checked, ${errors} errors, ${problems.length - errors} warnings${rest}`,
      );
  }
  return errors === 0 ? exitCodes.completed : exitCodes.failed;
}
