export { dataFormat } from "./about.ts";
export { commands, type DataCommand, runDataCommand } from "./command-line.ts";
