import type { Shell } from "../effects/shell.ts";
import type { Result } from "./presenter.ts";
import type { Printer } from "./printer.ts";
import type { Values } from "./values.ts";

/** Declaration of a command. The parser, the help, the completion and the reference page are made from it. */
export interface Command {
  /** One or two words: `run`, `workflow check`. */
  readonly name: string;
  readonly group: Group;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Further help, in paragraphs. */
  readonly about?: readonly string[];
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** Whether options with a dot are keys of the configuration, which the platform reads: `--log.level=debug`. */
  readonly acceptsConfigKeys?: boolean;
  readonly examples?: readonly Example[];
  /** The question before the command destroys something. Undefined: nothing is destroyed, or the action asks. */
  readonly confirm?: (values: Values) => string | undefined;
  /** The form of the output with `--json`. */
  readonly json: "document" | "lines" | "none";
  /** Loads the action when the command runs, so that it costs other commands no start-up time. */
  readonly load: () => Promise<Action>;
}

/** The dependencies of an action. */
export interface Context {
  readonly command: Command;
  readonly commands: readonly Command[];
  readonly values: Values;
  readonly shell: Shell;
  readonly print: Printer;
  /** The version of this program. */
  readonly version: string;
}

type Action = (context: Context) => Promise<Result>;

export type Group =
  | "runs"
  | "sessions"
  | "missions"
  | "workflows"
  | "schedules"
  | "triggers"
  | "objects"
  | "installation"
  | "access"
  | "this machine";

export interface Argument {
  readonly name: string;
  readonly summary: string;
  readonly isOptional?: boolean;
  /** True if it takes all remaining words. */
  readonly isMany?: boolean;
  /** Whether an empty word is a value. By default it is refused: it comes from an unset variable of a shell. */
  readonly isEmptyAllowed?: true;
  /** How a shell completes it. */
  readonly completes?: Completes;
}

export interface Option {
  /** Without dashes: `key-file`. */
  readonly name: string;
  readonly short?: string;
  /** Placeholder of its value, in capitals. A flag has none. */
  readonly value?: string;
  readonly isMany?: boolean;
  /** Whether the empty text is a value. By default it is refused: it comes from an unset variable of a shell. */
  readonly isEmptyAllowed?: true;
  readonly choices?: readonly string[];
  readonly summary: string;
  readonly completes?: Completes;
}

export type Completes = "file" | "run" | "session" | "workflow" | "schedule" | "trigger" | "agent";

export interface Example {
  readonly words: string;
  readonly does: string;
}

/** Options of every command. */
export const everyOption: readonly Option[] = [
  {
    name: "server",
    value: "URL",
    summary:
      "platform URL (TUTTI_URL). Default: the platform of the folder or of one above it, or http://127.0.0.1:7400",
  },
  {
    name: "key-file",
    value: "FILE",
    summary: "file with the access key (or set TUTTI_API_KEY)",
    completes: "file",
  },
  { name: "namespace", short: "n", value: "NAME", summary: "namespace (TUTTI_NAMESPACE). Default: default" },
  { name: "json", summary: "print only JSON on standard output" },
  { name: "quiet", short: "q", summary: "print only ids and values" },
  { name: "no-color", summary: "disable colours (NO_COLOR). FORCE_COLOR enables them" },
  { name: "help", short: "h", summary: "show help for the command" },
];
