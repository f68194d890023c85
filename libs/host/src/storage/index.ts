export { commands, type DataCommand, runDataCommand } from "./command-line.ts";
