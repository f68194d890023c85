import { inspect } from "node:util";
import { variablePrefix } from "./declarations.ts";
import { expectationOf } from "./expectation.ts";
import { scopes } from "./scopes.ts";
import type { Key, Section } from "./section.ts";

/**
 * Returns the reference page of the configuration as markdown: every key with its expected value, its default and its
 * names.
 */
export function renderConfigurationReference(sections: readonly Section[]): string {
  const lines = ["# Configuration", "", ...preamble];
  for (const scope of scopes) {
    const own = sections
      .filter((section) => section.scope === scope)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    if (own.length > 0) lines.push("", `## ${scope}`);
    for (const section of own) lines.push("", ...sectionLines(section));
  }
  return `${lines.join("\n")}\n`;
}

const preamble = [
  "Values come from flags, else environment variables, else the file `tutti.yaml`, else the default. The file is",
  "`scope: {section: {key: value}}`. A key is set in the scope it is listed under, or overridden in a later one for",
  `that scope and those after it: \`--engines.log.level=debug\`, \`${variablePrefix}ENGINES_LOG_LEVEL\`. The scopes in order:`,
  `${scopes.join(", ")}.`,
];

function sectionLines(section: Section): string[] {
  const lines = [`### ${section.name}`, ""];
  if (section.description) lines.push(section.description, "");
  lines.push("| key | expects | default | live | variable | what it is |", "|---|---|---|---|---|---|");
  return [...lines, ...section.keys.map(keyLine)];
}

function keyLine(key: Key): string {
  const expects = expectationOf(key.schema);
  const cells = [
    `\`${key.name}\``,
    key.unit === "" ? expects : `${expects} (${key.unit})`,
    defaultOf(key),
    key.live ? "yes" : "no",
    `\`${variablePrefix}${key.variable}\``,
    key.description,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

function defaultOf(key: Key): string {
  if (key.default !== undefined)
    return `\`${inspect(key.default, { breakLength: Number.POSITIVE_INFINITY })}\``;
  return key.required ? "must be set" : "none";
}
