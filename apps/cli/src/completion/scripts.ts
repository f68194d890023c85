/**
 * Completion scripts for shells, made from the declarations. Commands and options are in the script, so that most
 * completions start no process. Names of runs, sessions, workflows, schedules, triggers and agents need a call of the
 * command.
 */

import type { Context } from "../command/declaration.ts";
import { type Command, type Completes, everyOption, type Option } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { usageFailure } from "../command/failure.ts";
import type { Result } from "../command/presenter.ts";

export const shellNames = ["bash", "zsh", "fish"] as const;
export type ShellName = (typeof shellNames)[number];

export function isShellName(text: string): text is ShellName {
  return shellNames.some((name) => name === text);
}

export function completionFor(shell: ShellName, commands: readonly Command[]): string {
  switch (shell) {
    case "bash":
      return bash(commands);
    case "zsh":
      return zsh(commands);
    case "fish":
      return fish(commands);
  }
}

/** Commands that list the names: only ids on lines, and nothing without a platform. */
const candidates: Readonly<Record<Exclude<Completes, "file">, string>> = {
  run: "tutti list --quiet --size 100 2>/dev/null",
  session: "tutti session list --quiet --size 100 2>/dev/null",
  workflow: "tutti workflow list --quiet --size 100 2>/dev/null",
  schedule: "tutti schedule list --quiet --size 100 2>/dev/null",
  trigger: "tutti trigger list --quiet --size 100 2>/dev/null",
  agent: "tutti agent list --quiet --size 100 2>/dev/null",
};

/** Returns the second words of commands by their first word. */
function tree(commands: readonly Command[]): Map<string, string[]> {
  const heads = new Map<string, string[]>();
  for (const { name } of commands) {
    const [first = "", second] = name.split(" ");
    const behind = heads.get(first) ?? [];
    if (second !== undefined) behind.push(second);
    heads.set(first, behind);
  }
  return heads;
}

function flagsOf({ options = [] }: Command): string[] {
  return [...options, ...everyOption].map(({ name }) => `--${name}`);
}

function completesOf({ arguments: named = [] }: Command): Completes | undefined {
  return named[0]?.completes;
}

function bash(commands: readonly Command[]): string {
  const heads = tree(commands);
  const cases = commands.map((command) => {
    const completes = completesOf(command);
    const names =
      completes === undefined || completes === "file" ? "" : ` names="$(${candidates[completes]})"`;
    const files = completes === "file" ? " files=1" : "";
    return `    "${command.name}") flags="${flagsOf(command).join(" ")}"${names === "" ? "" : `; [[ $current == -* ]] ||${names}`}${files === "" ? "" : `;${files}`} ;;`;
  });
  const groups = [...heads].filter(([, behind]) => behind.length > 0);
  return `# Completion of tutti for bash. Made by: tutti completion bash
_tutti() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=() word flags="" names="" files=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || words+=("$word")
  done
  local command="\${words[0]}"
  case "$command" in
    "") COMPREPLY=($(compgen -W "${[...heads.keys(), "help"].join(" ")}" -- "$current")); return ;;
${groups
  .map(
    ([first, behind]) =>
      `    ${first}) if [[ \${#words[@]} -lt 2 ]]; then COMPREPLY=($(compgen -W "${behind.join(" ")}" -- "$current")); return; fi; command="${first} \${words[1]}" ;;`,
  )
  .join("\n")}
  esac
  case "$command" in
${cases.join("\n")}
  esac
  if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$current"))
  elif [[ -n $names ]]; then COMPREPLY=($(compgen -W "$names" -- "$current"))
  elif [[ -n $files ]]; then COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -o bashdefault -F _tutti tutti
`;
}

/** Escapes brackets, colons and quotes for zsh. */
function zshText(text: string): string {
  return text.replace(/[[\]:]/g, "\\$&").replaceAll("'", "'\\''");
}

function zshAction(completes: Completes | undefined): string {
  if (completes === undefined) return " ";
  return completes === "file" ? "_files" : `{_values ${completes} \${(f)"$(${candidates[completes]})"}}`;
}

function zshOption({ name, short, value, summary, completes }: Option): string[] {
  const behind = value === undefined ? "" : `:${zshText(value)}:${zshAction(completes)}`;
  const text = zshText(summary);
  const long = `'*--${name}[${text}]${behind}'`;
  return short === undefined ? [long] : [long, `'*-${short}[${text}]${behind}'`];
}

function zsh(commands: readonly Command[]): string {
  const heads = tree(commands);
  const describe = (entries: readonly (readonly [string, string])[]): string =>
    entries.map(([name, summary]) => `'${zshText(name)}:${zshText(summary)}'`).join(" ");
  const summaryOf = (first: string): string =>
    commands.find(({ name }) => name === first)?.summary ?? `${heads.get(first)?.join(", ")}`;
  const leaf = (command: Command): string => {
    const options = [...(command.options ?? []), ...everyOption].flatMap(zshOption);
    const completes = completesOf(command);
    return `_arguments ${[...options, `'*:${command.arguments?.[0]?.name ?? "nothing"}:${zshAction(completes)}'`].join(" ")}`;
  };
  const cases = [...heads].map(([first, behind]) => {
    if (behind.length === 0) {
      const command = commands.find(({ name }) => name === first);
      return `    ${first}) ${command === undefined ? "" : leaf(command)} ;;`;
    }
    const members = commands.filter(({ name }) => name.startsWith(`${first} `));
    const inner = members
      .map((command) => `        ${command.name.split(" ")[1]}) ${leaf(command)} ;;`)
      .join("\n");
    const list = members.map((command) => [command.name.split(" ")[1] ?? "", command.summary] as const);
    return `    ${first})
      if (( CURRENT == 3 )); then local -a inner=(${describe(list)}); _describe command inner; return; fi
      case $words[3] in
${inner}
      esac ;;`;
  });
  return `#compdef tutti
# Completion of tutti for zsh. Made by: tutti completion zsh
_tutti() {
  if (( CURRENT == 2 )); then
    local -a commands=(${describe([...heads.keys()].map((first) => [first, summaryOf(first)] as const))})
    _describe command commands
    return
  fi
  case $words[2] in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = _tutti ]; then _tutti "$@"; else compdef _tutti tutti; fi
`;
}

const fishText = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

function fish(commands: readonly Command[]): string {
  const heads = tree(commands);
  const lines = [
    "# Completion of tutti for fish. Made by: tutti completion fish",
    "function __tutti_at",
    "  set -l words (string match -v -- '-*' (commandline -opc))",
    "  set -e words[1]",
    '  set -l said (string join " " $words)',
    '  test "$said" = "$argv"; or string match -q -- "$argv *" "$said"',
    "end",
    "function __tutti_bare",
    "  test (count (string match -v -- '-*' (commandline -opc))) -eq $argv[1]",
    "end",
    "complete -c tutti -f",
  ];
  for (const [first, behind] of heads) {
    const own = commands.find(({ name }) => name === first);
    lines.push(
      `complete -c tutti -n '__tutti_bare 1' -a ${first} -d ${fishText(own?.summary ?? behind.join(", "))}`,
    );
    for (const second of behind) {
      const command = commands.find(({ name }) => name === `${first} ${second}`);
      lines.push(
        `complete -c tutti -n '__tutti_bare 2; and __tutti_at ${first}' -a ${second} -d ${fishText(command?.summary ?? "")}`,
      );
    }
  }
  for (const command of commands) {
    const at = `'__tutti_at ${command.name}'`;
    const completes = completesOf(command);
    if (completes === "file") lines.push(`complete -c tutti -n ${at} -F`);
    else if (completes !== undefined)
      lines.push(`complete -c tutti -n ${at} -a '(${candidates[completes]})'`);
    for (const { name, short, value, summary } of [...(command.options ?? []), ...everyOption])
      lines.push(
        `complete -c tutti -n ${at} -l ${name}${short === undefined ? "" : ` -s ${short}`}${value === undefined ? "" : " -r"} -d ${fishText(summary)}`,
      );
  }
  return `${lines.join("\n")}\n`;
}

/** Prints the script of a shell. */
export async function completion({ values, print, commands }: Context): Promise<Result> {
  const name = values.argument("SHELL");
  if (!isShellName(name))
    throw usageFailure(`SHELL: expected one of ${shellNames.join(", ")}, got \`${name}\``);
  print.text(completionFor(name, commands));
  return exitCodes.completed;
}
