/**
 * Processes and mounts of a test end with the test process, also when that process is killed.
 *
 * A shell reads the directories of the test from a pipe. The system closes the pipe when the test process has ended, in any way. Then
 * the shell kills each process that has such a directory among its arguments, with the group that it leads. It also unmounts what
 * is mounted there.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { thisSystem } from "../ports/system.ts";

// Arguments of `awk` would contain the directories. Its environment is not searched.
const script = `
while read -r directory; do places="$places$directory
"; done
export places
named() { awk -v field="$1" 'BEGIN { count = split(ENVIRON["places"], place, "\\n") }
  { text = field ? $field : $0
    for (i = 1; i < count; i++) if (index(text, place[i])) { print field ? $field : $1; next } }'; }
for round in 1 2 3 4 5 6 7 8 9 10; do
  left=$(ps -A -ww -o pid= -o args= | named 0)
  [ -z "$left" ] && break
  for pid in $left; do kill -9 -- "-$pid" || kill -9 "$pid"; done
  sleep 0.1
done
[ -r /proc/mounts ] && named 2 < /proc/mounts | while read -r mounted; do umount -l "$mounted"; done
`;

let watcher: ChildProcess | undefined;

/**
 * Ends the processes with this directory among their arguments, and the mounts in it, when this process ends.
 *
 * @param directory absolute, and used only by this test
 */
export function endWithProcess(directory: string): void {
  if (!thisSystem.hasShell) return;
  watcher ??= start();
  watcher.stdin?.write(`${directory}\n`);
}

function start(): ChildProcess {
  // A separate group: Ctrl-C is for the tests.
  const child = spawn("sh", ["-c", script], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  child.unref();
  (child.stdin as Socket).unref();
  return child;
}
