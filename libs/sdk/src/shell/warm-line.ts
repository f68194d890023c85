/** Writes the line that turns a waiting shell into the command of a task. */
import type { ContainerInput } from "./container-input.ts";

export interface ImageFacts {
  readonly id: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/** Shells read the line byte by byte, because the rest of the input belongs to the command. */
const lineBytesMax = 32_768;
const newline = "tutti_newline";

/** The shell writes one byte when it waits. It ends at the end of its input, also in the middle of a line. */
export const waitingShell = `${newline}='\n'; echo; IFS= read -r ${newline}_line || exit 0; eval "$${newline}_line"`;

/** Variables that shells set themselves, read, or refuse to export. */
const shellNames =
  /^(_|IFS|ENV|OPT(IND|ARG|ERR)|PS\d|E?UID|PPID|RANDOM|SECONDS|LINENO|GROUPS|FUNCNAME|DIRSTACK|HISTCMD|SRANDOM|EPOCH\w+|COMP_\w+|BASH\w*|SHELLOPTS|SHLVL|(OLD)?PWD|POSIXLY_CORRECT|tutti_\w+)$/;
const exportable = /^[A-Za-z_]\w*$/;

/** Returns the line. Undefined for a task that has to start cold. */
export function lineOf(input: ContainerInput, image: ImageFacts): string | undefined {
  const { command = [], cwd, env = {} } = input;
  const program = [...image.entrypoint, ...(command.length > 0 ? command : image.command)];
  if (program.length === 0 || program[0] === "" || program[0]?.startsWith("-")) return undefined;
  const names = Object.keys(env);
  if (names.some((name) => !exportable.test(name) || shellNames.test(name))) return undefined;
  const line = [
    // The exit code of an engine that starts no container.
    ...(cwd === undefined ? [] : [`cd ${quoted(cwd)} || exit 125`]),
    "unset PWD OLDPWD SHLVL",
    ...Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`),
    `exec ${program.map(quoted).join(" ")}`,
  ].join("; ");
  return Buffer.byteLength(line) > lineBytesMax ? undefined : line;
}

function quoted(text: string): string {
  const parts = text.split("\n").map((part) => `'${part.replaceAll("'", "'\\''")}'`);
  return parts.join(`"$${newline}"`);
}
