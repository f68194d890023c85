/**
 * Variables of a folder and its environments. `tutti.apply.yaml` declares them, and `${var.NAME}` in the other files
 * reads them. They are filled in before a file is parsed, on its line, so that the lines of errors stay correct.
 */
import { type DefinitionProblem, type DefinitionText, type Findings, readText } from "@tutti/definitions";

type Scalar = string | number | boolean;

export interface ApplySettings {
  /** Name of the set: value of the ownership label. */
  readonly set?: string;
  readonly namespace?: string;
  readonly variables: Readonly<Record<string, Scalar>>;
}

export const applySettingsName = "tutti.apply.yaml";
export const setName = /^[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?$/;

const keys = new Set(["set", "namespace", "variables", "environments"]);

/** Returns the settings of an environment. Undefined if the file has an error. */
export function readApplySettings(
  file: DefinitionText,
  environment?: string,
): { readonly settings: ApplySettings | undefined; readonly problems: readonly DefinitionProblem[] } {
  let settings: ApplySettings | undefined;
  const { problems } = readText(file, (value, findings) => {
    const base = partIn(value, [], findings);
    const { environments = {} } = value as { readonly environments?: Readonly<Record<string, unknown>> };
    const all = Object.entries(isMap(environments) ? environments : {}).map(
      ([name, part]) => [name, partIn(part, ["environments", name], findings)] as const,
    );
    if (!isMap(environments)) findings.error("wrong_type", ["environments"], "expected environments by name");
    const own = environment === undefined ? {} : all.find(([name]) => name === environment)?.[1];
    if (own === undefined) {
      const names = all.map(([name]) => name).join(", ");
      findings.error(
        "unknown_name",
        ["environments"],
        `expected one of ${names || "none"}, got ${environment}`,
      );
    }
    settings = { ...base, ...own, variables: { ...base.variables, ...own?.variables } };
  });
  return { settings: problems.length > 0 ? undefined : settings, problems };
}

function partIn(value: unknown, path: readonly string[], findings: Findings): Partial<ApplySettings> {
  if (!isMap(value)) {
    findings.error("wrong_type", [...path], "expected keys such as `variables`");
    return {};
  }
  for (const key of Object.keys(value))
    if (!keys.has(key) || (path.length > 0 && (key === "environments" || key === "set")))
      findings.error("unknown_key", [...path, key], `expected ${[...keys].join(", ")}`);
  const { set, namespace, variables = {} } = value;
  if (set !== undefined && !(typeof set === "string" && setName.test(set)))
    findings.error("wrong_value", [...path, "set"], "expected a name of lower-case letters, digits and -");
  if (namespace !== undefined && typeof namespace !== "string")
    findings.error("wrong_type", [...path, "namespace"], "expected the name of a namespace");
  if (!isMap(variables)) findings.error("wrong_type", [...path, "variables"], "expected values by name");
  for (const [name, value] of Object.entries(isMap(variables) ? variables : {}))
    if (!["string", "number", "boolean"].includes(typeof value))
      findings.error(
        "wrong_type",
        [...path, "variables", name],
        "expected a text, a number or true or false",
      );
    else if (typeof value === "string" && /[\r\n]/.test(value))
      findings.error("wrong_value", [...path, "variables", name], "expected a text of one line");
  return {
    ...(typeof set === "string" && { set }),
    ...(typeof namespace === "string" && { namespace }),
    variables: isMap(variables) ? (variables as Readonly<Record<string, Scalar>>) : {},
  };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Fills in variables. An undeclared name is a problem at its place. */
export function fillVariables<F extends DefinitionText>(
  file: F,
  variables: Readonly<Record<string, Scalar>>,
): { readonly file: F; readonly problems: readonly DefinitionProblem[] } {
  const problems: DefinitionProblem[] = [];
  const lines = file.text.split("\n").map((text, at) =>
    text.replace(/\$\{var\.([A-Za-z0-9_-]+)\}/g, (match: string, name: string, place: number) => {
      if (Object.hasOwn(variables, name)) return String(variables[name]);
      problems.push({
        severity: "error",
        code: "unknown_variable",
        fileName: file.fileName,
        path: "",
        line: (file.linesBefore ?? 0) + at + 1,
        column: place + 1,
        message: `expected a variable of ${applySettingsName}, got ${name}`,
        expected: "",
      });
      return match;
    }),
  );
  return { file: { ...file, text: lines.join("\n") }, problems };
}
