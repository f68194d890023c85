import "./effects/older-node.ts";
import { runCommandLine } from "./cli.ts";
import { systemShell } from "./effects/system-shell.ts";
import { version } from "./version.ts";

// A slow reader of standard output gets all of it: the exit code is set, and Node ends when nothing is left to do.
process.exitCode = await runCommandLine(process.argv.slice(2), systemShell(), version);
