import type { DefinitionProblem } from "@tutti/definitions";
import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { usageFailure } from "../command/failure.ts";
import { readDefinition, type SourceFile } from "../local/definition-file.ts";
import { connect } from "../server/server.ts";
import { drawProblem } from "../terminal/problems.ts";
import { safe } from "../terminal/text.ts";

interface Checked {
  readonly problems: readonly DefinitionProblem[];
  readonly checked: readonly Pick<SourceFile, "fileName" | "text">[];
}

const none: Checked = { problems: [], checked: [] };

/** Checks all files of a folder together, each by its kind. A platform is asked about policies alone, where that is wanted. */
export async function validate(context: Context): Promise<number> {
  const { values, shell, print, version } = context;
  const folder = values.optionalArgument("FOLDER") ?? ".";
  const { byPlace, mayBeChecked, validate: checkAll } = await import("../local/validate/validate.ts");
  const { isPolicyFile } = await import("../local/validate/policy-files.ts");
  const names = await shell.filesIn(folder).catch(() => {
    throw usageFailure(`expected a folder, found none at ${safe(folder)}`, [
      ["tutti validate .", "everything from here down"],
    ]);
  });
  const wanted = names.filter(mayBeChecked);
  const files = await Promise.all(wanted.map((name) => readDefinition(name, shell)));
  const found = checkAll(files);
  const policies = names.filter(isPolicyFile);
  const asked = values.flag("online") && policies.length > 0 ? await checkPolicies(context, policies) : none;
  const problems = [...found.problems, ...asked.problems].sort(byPlace);
  const checked = [...found.checked, ...asked.checked];
  const { skipped } = found;
  const unasked = policies.length - asked.checked.length;
  const errors = problems.filter(({ severity }) => severity === "error").length;
  if (values.flag("sarif")) {
    const { sarifOf } = await import("../local/validate/sarif.ts");
    print.json(sarifOf(problems, version));
  } else if (print.isJson) {
    const names = checked.map(({ fileName }) => fileName);
    const left = asked === none ? policies : [];
    print.json({ checked: names, skipped: [...skipped, ...left], problems, ok: errors === 0 });
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
    if (unasked > 0) print.note(`${unasked} policies were not checked: --online has a platform check them.`);
  }
  return errors === 0 ? exitCodes.completed : exitCodes.failed;
}

async function checkPolicies(context: Context, names: readonly string[]): Promise<Checked> {
  const { policyIdOf, policyProblems, repeatedPolicies } = await import("../local/validate/policy-files.ts");
  const checked = await Promise.all(
    names.map(async (fileName) => {
      const { text } = await readDefinition(fileName, context.shell);
      return { policyId: policyIdOf(fileName), fileName, text };
    }),
  );
  const repeated = repeatedPolicies(checked);
  const once = checked.filter(({ fileName }) => !repeated.some((problem) => problem.fileName === fileName));
  const server = await connect(context);
  const change = { set: once.map(({ policyId, text }) => ({ policyId, text })), removedPolicyIds: [] };
  const { problems } = await server.call("policies.check", { query: server.namespace, body: { change } });
  return { problems: [...repeated, ...policyProblems(once, problems)], checked };
}
