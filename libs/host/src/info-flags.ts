import {
  Configuration,
  type ConfigurationSources,
  type Explanation,
  renderExplanation,
  type Section,
} from "@tutti/kernel";
import { servicesSections } from "./configuration.ts";

export interface ProcessConfiguration {
  readonly name: string;
  readonly sections: readonly Section[];
  readonly sources: ConfigurationSources;
}

/**
 * Returns the answer to flags that replace a run: `--help`. `--explain` for the origin of every value of the
 * configuration. `--explain=registry.leaseMs` for one. Undefined if the process should run.
 */
export function answerTo({ name, sections, sources }: ProcessConfiguration): string | undefined {
  const args = sources.arguments;
  if (args.includes("--help")) return help(name);
  const question = args.find((arg) => arg === "--explain" || arg.startsWith("--explain="));
  if (question === undefined) return undefined;
  const rest = args.filter((arg) => arg !== question);
  const configuration = Configuration.load({
    sections,
    sources: { ...sources, arguments: rest },
    otherSections: servicesSections,
  });
  const path = question.slice("--explain=".length);
  const found = configuration.explain(path);
  if (found.length === 0) return `there is no key ${path}; --explain alone lists all of them\n`;
  return found.map(path === "" ? line : detailed).join("");
}

const line = (explanation: Explanation): string => `${renderExplanation(explanation)}\n`;
const detailed = (explanation: Explanation): string => `${line(explanation)}  ${explanation.description}\n`;

function help(name: string): string {
  return `${name} of Tutti

  --section.key=value      sets a key of the configuration, before environment and file: --log.level=debug
  --config=FILE            reads this file instead of tutti.yaml in the working directory
  --explain                shows every key with its value and where that comes from
  --explain=SECTION[.KEY]  shows one section or key, with what it is about

Environment: TUTTI_SECTION_KEY, as in TUTTI_LOG_LEVEL. All keys: docs/reference/configuration.md
`;
}
