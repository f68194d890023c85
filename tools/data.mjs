// What people say to a data directory.
//   npm run verify -- [--data DIR] [--json]          reads everything in it and checks it
//   npm run backup -- [--data DIR] --to DIR [--json]  copies it, also while a process has it
//   npm run doctor -- [--data DIR] [--json]          says in words what is wrong with it, and what to do
// Without --data it is the one that the platform's configuration names.
import { dataDirectory, services } from "../apps/platform/src/index.ts";
import { loadConfiguration, partitionsIn } from "../libs/host/src/index.ts";
import { commands, runDataCommand } from "../libs/host/src/storage/index.ts";

const [command, ...words] = process.argv.slice(2);
if (!commands.includes(command)) {
  console.error(`expected one of ${commands.join(", ")}, found ${command}`);
  process.exit(2);
}

/** A configuration with mistakes is no reason not to look: the directory is then the usual one, unless it is named. */
function configured() {
  try {
    const configuration = loadConfiguration(services);
    return { directory: dataDirectory(configuration), partitions: partitionsIn(configuration) };
  } catch (error) {
    console.error(`the configuration could not be read, and is not looked at: ${error.message}`);
    return { directory: "./.tutti", partitions: undefined };
  }
}

const { output, exitCode } = await runDataCommand(command, words, configured);
process.stdout.write(output);
process.exitCode = exitCode;
