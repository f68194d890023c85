/** Environment variables of workers, clients, agents and the CLI. Users often set them for a whole shell. */
import { variablePrefix } from "./declarations.ts";
import { nearest } from "./suggestion.ts";

export const clientVariables: readonly string[] = [
  ...["TUTTI_URL", "TUTTI_API_KEY", "TUTTI_SERVER", "TUTTI_KEY"],
  "TUTTI_ADDRESS",
  "TUTTI_POOL",
  "TUTTI_NAMESPACE",
  "TUTTI_AGENT_ID",
  "TUTTI_LAUNCH_ID",
  "TUTTI_ACCESS_TOKEN",
  "TUTTI_LOCAL_MODELS",
];

const known: ReadonlySet<string> = new Set(clientVariables);
const variableMax = 64;

/**
 * Returns a sentence for each variable that looks like a misspelt variable of a client: `TUTTI_NAMSPACE`. Other
 * variables with the prefix belong to the platform, to tools or to the user, and are no mistake.
 */
export function misspeltVariables(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const names = clientVariables.map((name) => name.slice(variablePrefix.length));
  return Object.keys(environment)
    .filter((variable) => variable.startsWith(variablePrefix) && !known.has(variable))
    .filter((variable) => variable.length <= variableMax && environment[variable] !== "")
    .sort()
    .flatMap((variable) => {
      const suggestion = nearest(variable.slice(variablePrefix.length), names);
      return suggestion === undefined
        ? []
        : [`The environment variable ${variable} is ignored. Did you mean ${variablePrefix}${suggestion}?`];
    });
}
