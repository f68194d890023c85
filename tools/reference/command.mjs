// The page of the CLI, from the declarations that also define its parser, help and completion.
import {
  commands,
  everyOption,
  exitCodeMeanings,
  exitCodes,
  printArgument,
  printOption,
} from "../../apps/cli/src/index.ts";

const answers = { document: "one JSON document", lines: "one JSON document per line", none: "nothing else" };

export function commandPage() {
  const lines = [
    "# CLI",
    "",
    "All commands and options of `tutti`. [The guide](../guides/command.md) shows how to use them.",
  ];
  for (const [group, members] of Map.groupBy(commands, ({ group }) => group))
    lines.push("", `## ${capital(group)}`, ...members.flatMap((command) => ["", ...sectionOf(command)]));
  lines.push(
    ...["", "## Global options", "", ...tableOf(everyOption.map(optionRow), "option")],
    ...["", "## For programs", ""],
    "With `--json`, the CLI prints the replies of the REST API: the same names, times as milliseconds since 1970 in `…Ms`,",
    "states in lower case. A failure is a document with `error` on standard error. It has a `code`, an `exitCode` and a",
    "`message`, and optionally `why` and `next`.",
    ...["", "## Exit codes", "", "| code | means |", "|---|---|"],
    ...Object.entries(exitCodes).map(([name, code]) => `| ${code} | ${exitCodeMeanings[name]} |`),
    ...["", "## Environment", "", "| variable | means |", "|---|---|"],
    ...environment.map(([name, means]) => `| \`${name}\` | ${means} |`),
  );
  return `${lines.join("\n")}\n`;
}

const environment = [
  ["TUTTI_URL", "URL of the platform, like `--server`"],
  ["TUTTI_API_KEY", "access key. `--key-file` reads the key from a file"],
  ["TUTTI_NAMESPACE", "namespace, like `--namespace`"],
  ["NO_COLOR", "disables colours, with any value"],
  ["FORCE_COLOR", "enables colours without a terminal. `0` disables them"],
];

function sectionOf({ name, summary, about = [], arguments: named = [], options = [], examples = [], json }) {
  const words = ["tutti", name, ...named.map(printArgument)].join(" ");
  const lines = [`### \`${words}\``, "", `${summary}. With \`--json\`: ${answers[json]}.`];
  for (const paragraph of about) lines.push("", paragraph);
  const rows = [...named.map(argumentRow), ...options.map(optionRow)];
  if (rows.length > 0) lines.push("", ...tableOf(rows, "word"));
  if (examples.length > 0)
    lines.push("", ...examples.map(({ words: example, does }) => `- \`tutti ${example}\`: ${does}`));
  return lines;
}

function argumentRow(argument) {
  return [`\`${printArgument(argument)}\``, argument.summary];
}

function optionRow(option) {
  const many = option.isMany ? ". Repeatable" : "";
  return [`\`${printOption(option)}\``, `${option.summary}${many}`];
}

function tableOf(rows, head) {
  const cells = rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [`| ${head} | means |`, "|---|---|", ...cells];
}

const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
