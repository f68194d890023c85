export { printArgument } from "./command/command-line.ts";
export {
  type Argument,
  type Command,
  type Example,
  everyOption,
  type Group,
  type Option,
} from "./command/declaration.ts";
export { exitCodeMeanings, exitCodes } from "./command/exit-codes.ts";
export { printOption } from "./command/help.ts";
export { commands } from "./commands/commands.ts";
