/** Facts about ended work, for analyses. Times are milliseconds since 1970. */

export interface WorkFact {
  readonly kind: string;
  readonly id: string;
  /** Empty for work without a definition. */
  readonly definition: string;
  readonly version: string;
  readonly status: string;
  readonly createdMs: number;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface AttemptFact {
  readonly kind: string;
  readonly workId: string;
  /** Its id in the work: `ship[3]`. */
  readonly task: string;
  /** The task of the definition: `ship`. Its entries and rounds are analyzed together. */
  readonly definitionTask: string;
  readonly attempt: number;
  readonly definition: string;
  readonly uses: string;
  readonly pool: string;
  readonly agent: string;
  readonly status: string;
  readonly queuedMs: number;
  /** The queue time, if the start of a short attempt was not recorded. */
  readonly startedMs: number;
  readonly endedMs: number;
  readonly errorCode: string;
  readonly errorMessage: string;
}

/** Returns the key `kind/id` of a run or mission. Two kinds may have the same id. */
export function workKey({ kind, id }: { readonly kind: string; readonly id: string }): string {
  return `${kind}/${id}`;
}

export function attemptsByWork(attempts: readonly AttemptFact[]): Map<string, AttemptFact[]> {
  const byWork = new Map<string, AttemptFact[]>();
  for (const attempt of attempts) {
    const key = workKey({ kind: attempt.kind, id: attempt.workId });
    const list = byWork.get(key);
    if (list === undefined) byWork.set(key, [attempt]);
    else list.push(attempt);
  }
  return byWork;
}

/** Returns the task of the definition: `ship` of the entry `ship[3]`, `poll.fetch` of the round `poll#2.fetch`. */
export function definitionTaskOf(task: string): string {
  return task.replace(/\[\d+\]|#\d+/g, "");
}

/** Returns the attempts, grouped by work and task. */
export function attemptsByTask(attempts: readonly AttemptFact[]): AttemptFact[][] {
  const key = (attempt: AttemptFact) =>
    `${workKey({ kind: attempt.kind, id: attempt.workId })}\n${attempt.task}`;
  return [...Map.groupBy(attempts, key).values()];
}

/** Capabilities of the installation itself. `tutti.agent` is not among them, because it runs agents of users. */
const ofInstallation: ReadonlySet<string> = new Set(["tutti.repair", "tutti.report", "tutti.smoke"]);

/** Leaves out reports, repairs and smoke tests, which a user cannot make faster. */
export function workOfUsers<Work extends WorkFact>(
  works: readonly Work[],
  attempts: readonly AttemptFact[],
): { readonly works: readonly Work[]; readonly attempts: readonly AttemptFact[] } {
  const own = new Set(
    attempts
      .filter(({ uses }) => ofInstallation.has(uses))
      .map(({ kind, workId }) => workKey({ kind, id: workId })),
  );
  if (own.size === 0) return { works, attempts };
  return {
    works: works.filter((work) => !own.has(workKey(work))),
    attempts: attempts.filter(({ kind, workId }) => !own.has(workKey({ kind, id: workId }))),
  };
}
