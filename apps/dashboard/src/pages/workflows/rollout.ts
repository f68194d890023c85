import type { Rollout } from "@tutti/rest/types";

interface Version {
  readonly hash: string;
  readonly labels: readonly string[];
  readonly rollout: Rollout | undefined;
}

/** The percentage of new runs that takes the version. Runs that ask for a version do not count. */
export function newRunsOf({ hash, labels, rollout }: Version): number {
  const { percent = 0 } = rollout ?? {};
  if (rollout?.hash === hash) return percent;
  return labels.includes("latest") ? 100 - percent : 0;
}

export function percentProblem(draft: string): string | undefined {
  return /^(\d|[1-9]\d|100)$/.test(draft) ? undefined : "expected a whole number from 0 to 100";
}
