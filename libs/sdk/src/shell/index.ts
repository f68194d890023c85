/** Commands as tasks of a worker. */
export { shellErrors } from "./errors.ts";
export { type ShellInput, type ShellOptions, type ShellOutput, shell, shellOptions } from "./shell.ts";
