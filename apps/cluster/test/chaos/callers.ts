/** Finds the process at an end of a connection on this machine, from `/proc` of Linux. */
import { readdir, readFile, readlink } from "node:fs/promises";

export const areCallersKnown = process.platform === "linux";

/** Returns the local ports of a process's connections. */
export async function portsOfProcess(pid: number): Promise<ReadonlySet<number>> {
  const [inodes, tables] = await Promise.all([
    socketsOf(pid),
    Promise.all(["tcp", "tcp6"].map((table) => readFile(`/proc/net/${table}`, "utf8").catch(() => ""))),
  ]);
  const ports = new Set<number>();
  for (const line of tables.flatMap((table) => table.split("\n").slice(1))) {
    const fields = line.trim().split(/\s+/);
    const [, local = "", , , , , , , , inode = ""] = fields;
    if (inodes.has(inode)) ports.add(Number.parseInt(local.slice(local.indexOf(":") + 1), 16));
  }
  return ports;
}

async function socketsOf(pid: number): Promise<ReadonlySet<string>> {
  const directory = `/proc/${pid}/fd`;
  const names = await readdir(directory).catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(`${directory}/${name}`).catch(() => "")));
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
}
