/** Commands and containers as tasks of a worker. */
export { container } from "./container.ts";
export {
  type ContainerInput,
  type ContainerOptions,
  type ContainerOutput,
  containerOptions,
  type KubernetesOptions,
} from "./container-input.ts";
export { shellErrors } from "./errors.ts";
export { addScripts, type ScriptInput, type ScriptOutput } from "./scripts.ts";
export { type ShellInput, type ShellOptions, type ShellOutput, shell, shellOptions } from "./shell.ts";
export {
  type TerminalInput,
  type TerminalOptions,
  type TerminalOutput,
  type TerminalStep,
  terminal,
  terminalOptions,
} from "./terminal.ts";
