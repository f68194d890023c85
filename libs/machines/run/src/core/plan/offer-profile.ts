import type { Placement, Plan, PlanTask, TaskPolicy, Timeouts, Work } from "@tutti/definitions";

/** Returns whether an agent executes the task, attempt by attempt. */
export function isOffered({ kind }: Pick<PlanTask, "kind">): boolean {
  return kind === "uses" || kind === "function";
}

/** Returns the capability that the expression of a task named, by its number in `among` from 1. */
export function chosenWork(work: CapabilityWork, choice: number): CapabilityWork {
  const capability = work.among?.capabilities[choice - 1];
  return capability === undefined ? work : { kind: work.kind, ...capability };
}

type CapabilityWork = Extract<Work, { readonly kind: "uses" | "function" }>;

/**
 * Data that all offers of a task share: capability, constraints, timeouts. All runs of a definition in one
 * pool share the object, so that the sender can number it once.
 */
export class OfferProfile {
  readonly pool: string;
  /** Name of the definition. */
  readonly definition: string;
  /** Id of the task in the definition. */
  readonly definitionTask: string;
  readonly capability: string;
  readonly versionRange: string;
  readonly timeouts: Timeouts;
  /**
   * Policy of the task: resources, estimate, whether it may be duplicated. For a compensation, the policy of
   * the compensated task.
   */
  readonly policy: TaskPolicy;
  readonly isUndo: boolean;

  constructor(
    plan: Plan,
    task: PlanTask,
    work: Work,
    policy: TaskPolicy,
    options: { pool: string; isUndo: boolean; choice: number },
  ) {
    const { pool, isUndo, choice } = options;
    const { compensate } = policy;
    this.definition = plan.name;
    this.definitionTask = task.id;
    this.pool = policy.placement?.pool || pool || plan.run.pool;
    this.policy = policy;
    this.isUndo = isUndo && compensate !== null;
    if (isUndo && compensate !== null) {
      this.capability = compensate.capability;
      this.versionRange = compensate.versionRange;
      this.timeouts = compensate.timeouts;
    } else {
      const isOffered = work.kind === "uses" || work.kind === "function";
      const { capability, versionRange } = isOffered
        ? chosenWork(work, choice)
        : { capability: "", versionRange: "" };
      this.capability = capability;
      this.versionRange = versionRange;
      this.timeouts = policy.timeouts;
    }
  }

  get placement(): Placement | null {
    return this.policy.placement;
  }
}
