// The page of the command, from the table that its parser, its help and its completion are made from.
import {
  commands,
  everyOption,
  exitCodeMeanings,
  exitCodes,
  printArgument,
  printOption,
} from "../../apps/cli/src/index.ts";

const answers = {
  document: "one JSON document",
  lines: "one JSON document per line",
  none: "nothing else",
};

export function commandPage() {
  const lines = [
    "# The command",
    "",
    "`tutti` and everything that can be said to it. [The guide](../guides/command.md) says how to use it.",
  ];
  let group = "";
  for (const command of commands) {
    if (command.group !== group) lines.push("", `## ${capital(command.group)}`);
    group = command.group;
    lines.push("", ...sectionOf(command));
  }
  lines.push(
    ...["", "## Options of every command", "", ...tableOf(everyOption.map(optionRow), "option")],
    ...["", "## For programs", ""],
    "With `--json` what is printed are the answers of the REST interface: the same names, times as milliseconds since",
    "1970 in `…Ms`, states in lower case. What is refused is a document with `error` on standard error: its `code`, its",
    "`exitCode` and its `message`, and where there is more to say `why` and `next`.",
    ...["", "## Exit codes", "", "| code | means |", "|---|---|"],
    ...Object.entries(exitCodes).map(([name, code]) => `| ${code} | ${exitCodeMeanings[name]} |`),
    ...["", "## Environment", "", "| variable | means |", "|---|---|"],
    ...environment.map(([name, means]) => `| \`${name}\` | ${means} |`),
  );
  return `${lines.join("\n")}\n`;
}

const environment = [
  ["TUTTI_SERVER", "where the platform is, like `--server`"],
  ["TUTTI_KEY", "the key of the installation; in a file with `--key-file`"],
  ["TUTTI_NAMESPACE", "the namespace, like `--namespace`"],
  ["NO_COLOR", "no colours, whatever its value"],
  ["FORCE_COLOR", "colours also where there is no terminal; `0` for none"],
];

function sectionOf({ name, summary, about = [], arguments: named = [], options = [], examples = [], json }) {
  const words = ["tutti", name, ...named.map(printArgument)].join(" ");
  const lines = [`### \`${words}\``, "", `${capital(summary)}. With \`--json\`: ${answers[json]}.`];
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
  const many = option.isMany ? "; several times" : "";
  return [`\`${printOption(option)}\``, `${option.summary}${many}`];
}

function tableOf(rows, head) {
  const cells = rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [`| ${head} | means |`, "|---|---|", ...cells];
}

const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);
