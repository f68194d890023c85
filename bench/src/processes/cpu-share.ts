/**
 * Limits processes to a share of a core by cgroups (version 1 or 2) with a quota. No signal stops a process, so only
 * the share causes delays.
 */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const periodUs = 20_000;
const first = "/sys/fs/cgroup/cpu";
const second = "/sys/fs/cgroup";

/** Limits each process. Undefined if this process lacks the permission. @param share of one core, for each process */
export function limitCpu(share: number, pids: readonly number[]): Disposable | undefined {
  const isFirst = existsSync(join(first, "cpu.cfs_quota_us"));
  const groups: string[] = [];
  try {
    for (const pid of pids) {
      const group = join(isFirst ? first : second, `tutti-bench-${pid}`);
      mkdirSync(group);
      groups.push(group);
      const quotaUs = Math.round(periodUs * share);
      if (isFirst) {
        writeFileSync(join(group, "cpu.cfs_period_us"), String(periodUs));
        writeFileSync(join(group, "cpu.cfs_quota_us"), String(quotaUs));
      } else writeFileSync(join(group, "cpu.max"), `${quotaUs} ${periodUs}`);
      writeFileSync(join(group, "cgroup.procs"), String(pid));
    }
  } catch {
    removed(groups);
    return undefined;
  }
  return { [Symbol.dispose]: () => removed(groups) };
}

/** Removes groups. A group that still has processes stays until the system restarts, and limits no other process. */
function removed(groups: readonly string[]): void {
  for (const group of groups) {
    try {
      rmdirSync(group);
    } catch {
      // Its process has not ended yet.
    }
  }
}
