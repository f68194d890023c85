import type { TaskDocument } from "../language/document.ts";
import { type TaskKindWord, taskKinds } from "../language/task-shape.ts";
import type { Findings, Path } from "../problem.ts";

/** Options by kinds of tasks. Options that are not listed apply to all kinds. */

const callKinds: readonly TaskKindWord[] = ["uses", "function", "workflow", "mission"];
const work: readonly TaskKindWord[] = [...callKinds, "agent"];
const agents: readonly TaskKindWord[] = ["uses", "function", "agent"];
const children: readonly TaskKindWord[] = ["workflow", "mission"];
const waiting: readonly TaskKindWord[] = [...work, "wait", "approve", "loop", "gate"];

const kindsOfOption: Partial<Record<keyof TaskDocument, readonly TaskKindWord[]>> = {
  among: ["uses"],
  with: callKinds,
  parameters: children,
  parentClose: children,
  retry: work,
  timeout: waiting,
  compensate: work,
  placement: agents,
  resources: agents,
  budget: [...children, "uses"],
  cost: waiting,
  estimate: waiting,
  checks: work,
  limits: work,
  cache: ["uses"],
  dueTime: waiting,
  idempotencyKey: work,
  gang: ["uses"],
  mayBeDoubled: ["uses"],
};

export function kindOf(document: TaskDocument): TaskKindWord | undefined {
  return taskKinds.find((kind) => document[kind] !== undefined);
}

export function checkOptions(
  document: TaskDocument,
  kind: TaskKindWord,
  path: Path,
  findings: Findings,
): void {
  for (const key of Object.keys(document) as (keyof TaskDocument)[]) {
    const kinds = kindsOfOption[key];
    if (kinds === undefined || kinds.includes(kind)) continue;
    findings.error(
      "conflicting_keys",
      [...path, key],
      `\`${key}\` has no effect on a task of the kind \`${kind}\``,
      { key: true, expected: `\`${key}\` on ${kinds.map((each) => `\`${each}\``).join(", ")}` },
    );
  }
  if (!agents.includes(kind) && typeof document.timeout === "object")
    for (const key of Object.keys(document.timeout))
      if (key !== "total")
        findings.error(
          "conflicting_keys",
          [...path, "timeout", key],
          `\`${key}\` is the time of an agent's attempt, and a task of the kind \`${kind}\` has none: \`total\`, or a single duration, is the total time`,
          { key: true, expected: "`total`, or a single duration, for the total time" },
        );
  for (const key of ["maxParallel", "failFast"] as const) {
    if (document[key] === undefined || document.forEach !== undefined) continue;
    findings.error("conflicting_keys", [...path, key], `\`${key}\` has no effect without \`forEach\``, {
      key: true,
      expected: "`forEach` on the same task",
    });
  }
}
