// Commands for a data directory. Each has --help.
//
//   npm run verify                reads and checks all its content
//   npm run backup -- --copy DIR  copies it with its keys, also while a process uses it
//   npm run restore -- --copy DIR creates one from a copy
//   npm run doctor                lists its problems, each with the next action
import { dataDirectory, keysDirectory, services } from "../apps/platform/src/index.ts";
import { loadConfiguration, partitionsIn } from "../libs/host/src/index.ts";
import { commands, runDataCommand } from "../libs/host/src/storage/index.ts";

const [command, ...words] = process.argv.slice(2);
if (!commands.includes(command)) {
  console.error(`expected one of ${commands.join(", ")}, got ${command}`);
  process.exit(2);
}

/** Reads the configuration. A wrong one does not prevent a check: the default directory is used. */
function configured() {
  try {
    const configuration = loadConfiguration(services);
    return {
      directory: dataDirectory(configuration),
      partitions: partitionsIn(configuration),
      keysDirectory: keysDirectory(configuration),
      services,
    };
  } catch (error) {
    console.error(`cannot read the configuration, skipped: ${error.message}`);
    return { directory: "./.tutti", partitions: undefined, services };
  }
}

const { output, exitCode } = await runDataCommand(command, words, configured);
process.stdout.write(output);
process.exitCode = exitCode;
