import type { Shell } from "../effects/shell.ts";
import type { Result } from "./presenter.ts";
import type { Printer } from "./printer.ts";
import type { Values } from "./values.ts";

/** A command as it is declared: enough to parse its words, to help, to complete, and to make the page of reference. */
export interface Command {
  /** One or two words: `run`, `workflow check`. */
  readonly name: string;
  readonly group: Group;
  /** One line, without a full stop. */
  readonly summary: string;
  /** More of it, in paragraphs. */
  readonly about?: readonly string[];
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** Whether options with a dot are keys of the configuration, which the platform reads: `--log.level=debug`. */
  readonly takesKeys?: boolean;
  readonly examples?: readonly Example[];
  /** The question before the command destroys something. Undefined: these words destroy nothing, or the action asks. */
  readonly confirm?: (values: Values) => string | undefined;
  /** What answers come as with `--json`. */
  readonly json: "document" | "lines" | "none";
  /** Loaded when the command runs, and not before: the start of all others must not pay for it. */
  readonly load: () => Promise<Action>;
}

/** What a command has at hand. */
export interface Context {
  readonly command: Command;
  readonly commands: readonly Command[];
  readonly values: Values;
  readonly shell: Shell;
  readonly print: Printer;
  /** Of this program. */
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
  /** All words that are left. */
  readonly isMany?: boolean;
  /** How a shell completes it. */
  readonly completes?: Completes;
}

export interface Option {
  /** Without dashes: `key-file`. */
  readonly name: string;
  readonly short?: string;
  /** What its value is, in capitals. A flag has none. */
  readonly value?: string;
  readonly isMany?: boolean;
  readonly choices?: readonly string[];
  readonly summary: string;
  readonly completes?: Completes;
}

export type Completes = "file" | "run" | "session" | "workflow" | "schedule" | "trigger" | "agent";

export interface Example {
  readonly words: string;
  readonly does: string;
}

/** What every command takes. */
export const everyOption: readonly Option[] = [
  { name: "server", value: "URL", summary: "platform URL (TUTTI_URL). Default: http://127.0.0.1:7400" },
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
