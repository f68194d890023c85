import type { Shell } from "../effects/shell.ts";
import type { Command } from "./declaration.ts";
import type { Printer } from "./printer.ts";
import type { Values } from "./values.ts";

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
