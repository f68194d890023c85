/**
 * Records of programs that outlive this process. If it is killed, the programs continue without supervision.
 * The next process finds them by these records, and ends them. Those with enough time finish their work
 * first, as with any SIGTERM.
 *
 * A process is identified by its number and its start time: numbers are used again.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ifPresent, privateModes, signalGroup, sleep, startOfProcess, type Timers } from "@tutti/kernel";

interface LaunchRecord {
  readonly pid: number;
  readonly began: string;
  readonly agentId: string;
  readonly stopMs: number;
}

export class LaunchRecords {
  readonly #directory: string | undefined;

  /** @param directory where records are stored. Undefined for a process that stores nothing */
  constructor(directory: string | undefined) {
    this.#directory = directory === undefined ? undefined : join(directory, "launched");
  }

  async add(pid: number, agentId: string, stopMs: number): Promise<void> {
    if (this.#directory === undefined) return;
    const began = await startOfProcess(pid);
    if (began === undefined) return;
    const record: LaunchRecord = { pid, began, agentId, stopMs };
    await mkdir(this.#directory, { recursive: true, mode: privateModes.folder });
    await writeFile(this.#file(pid), JSON.stringify(record), { mode: privateModes.file });
  }

  async remove(pid: number): Promise<void> {
    if (this.#directory !== undefined) await rm(this.#file(pid), { force: true });
  }

  /** Returns the running programs of a process that was killed. */
  async leftovers(): Promise<readonly LaunchRecord[]> {
    if (this.#directory === undefined) return [];
    const names = await ifPresent(readdir(this.#directory));
    const leftovers: LaunchRecord[] = [];
    for (const name of names ?? []) {
      const record = recordIn((await ifPresent(readFile(join(this.#directory, name), "utf8"))) ?? "");
      if (record !== undefined && (await startOfProcess(record.pid)) === record.began) leftovers.push(record);
      else await rm(join(this.#directory, name), { force: true });
    }
    return leftovers;
  }

  #file(pid: number): string {
    return join(this.#directory ?? "", `${pid}.json`);
  }
}

/** Ends the programs of a killed process: asks first, and kills them at the timeout. */
export async function endLeftovers(
  records: LaunchRecords,
  timers: Timers,
  onFound: (agentId: string, pid: number) => void,
): Promise<void> {
  const leftovers = await records.leftovers();
  await Promise.all(
    leftovers.map(async ({ pid, began, agentId, stopMs }) => {
      onFound(agentId, pid);
      signalGroup(pid, "SIGTERM");
      for (let waitedMs = 0; waitedMs < stopMs; waitedMs += checkMs) {
        if ((await startOfProcess(pid)) !== began) break;
        await sleep(timers, checkMs);
      }
      if ((await startOfProcess(pid)) === began) signalGroup(pid, "SIGKILL");
      await records.remove(pid);
    }),
  );
}

const checkMs = 100;

function recordIn(text: string): LaunchRecord | undefined {
  try {
    const { pid, began, agentId, stopMs } = JSON.parse(text) as Partial<LaunchRecord>;
    if (typeof pid !== "number" || !(pid > 1) || typeof began !== "string") return undefined;
    return { pid, began, agentId: String(agentId), stopMs: Number(stopMs) || 0 };
  } catch {
    return undefined;
  }
}
