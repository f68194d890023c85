import { clientVariables } from "./client-variables.ts";
import { type Declarations, variablePrefix } from "./declarations.ts";
import { keysListed } from "./problem-texts.ts";
import type { Reading } from "./reading.ts";
import { didYouMean } from "./suggestion.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that names the configuration file. It is no key of any section. */
export const fileVariable = `${variablePrefix}CONFIG`;

/** The variable that replaces defaults. The parent of the process sets it. */
export const presetVariable = `${variablePrefix}PRESET`;

/**
 * Variables with our prefix that are not keys: the file's name, the preset, and variables of the workspace's tools and
 * tests. Others are of workers, clients, agents and the CLI, and people set them for a whole shell. None of them may look
 * like a mistyped key, because such a mistake would not be reported.
 */
const otherVariables = new Set([
  fileVariable,
  presetVariable,
  "TUTTI_CACHE",
  "TUTTI_TEST_NATS_SERVER",
  "TUTTI_TEST_SEED",
  "TUTTI_TEST_KILLS",
  // Variables that Tutti sets for commands and adapters: a platform may be started from one.
  "TUTTI_COMMAND",
  "TUTTI_ADAPTER",
  "TUTTI_GIT_PASSWORD",
  ...clientVariables,
]);

/**
 * Reads `TUTTI_REGISTRY_LEASE_MS` and `TUTTI_ENGINES_LOG_LEVEL`. Returns the variables of our prefix that are not keys:
 * some may contain secrets that references name.
 */
export function readEnvironment(
  environment: Environment,
  declarations: Declarations,
  reading: Reading,
): readonly string[] {
  const unknown: string[] = [];
  const setBy = new Map<string, string>();
  const isLink = serviceLinks(environment);
  for (const variable of Object.keys(environment).sort()) {
    if (!variable.startsWith(variablePrefix) || otherVariables.has(variable) || isLink(variable)) continue;
    const text = environment[variable];
    // Shells and compose files leave unset variables empty.
    if (text === undefined || text === "") continue;
    const setting = declarations.byVariable(variable);
    if (setting === undefined) {
      if (!declarations.isVariableOfOtherProcess(variable)) unknown.push(variable);
      continue;
    }
    const name = `${setting.scope}.${setting.key.name}`;
    const other = setBy.get(name);
    setBy.set(name, variable);
    if (other === undefined) reading.record(setting, { text }, { source: "environment", place: variable });
    else reading.refuse(name, `${other} and ${variable} mean the same and are both set. Unset one of them`);
  }
  return unknown;
}

export function unknownVariable(variable: string, declarations: Declarations): string {
  const known = [...declarations.variables(), ...clientVariables];
  return `unknown key in the environment: ${variable}${didYouMean(variable, known) || keysListed}`;
}

/**
 * Kubernetes gives each container variables about every service of its namespace, and those of a service named
 * `tutti-registry` have our prefix: `TUTTI_REGISTRY_PORT=tcp://10.0.0.1:7401`. If all parts of such a link exist, they
 * are ignored.
 */
function serviceLinks(environment: Environment): (variable: string) => boolean {
  const links = Object.keys(environment)
    .filter((variable) => variable.startsWith(variablePrefix) && variable.endsWith("_SERVICE_HOST"))
    .map((variable) => variable.slice(0, -"_SERVICE_HOST".length))
    .filter((link) => `${link}_SERVICE_PORT` in environment)
    .filter((link) => /^[a-z]+:\/\//.test(environment[`${link}_PORT`] ?? ""));
  return (variable) =>
    links.some((link) => variable.startsWith(link) && linkForm.test(variable.slice(link.length)));
}

const linkForm =
  /^(_SERVICE_HOST|_SERVICE_PORT(_[A-Z0-9_]+)?|_PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;
