/** Plans held against rules before anything of them begins. */
import type { NewPlan, PlannedPlace } from "@tutti/contracts/session/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import type { InstanceKey } from "@tutti/kernel";
import type { SessionView } from "@tutti/machine-session";

/** What is said of plans. */
export interface PlanRules {
  /** Whether any rule is about the plans of a namespace. */
  concernsPlans(namespace: string): boolean;
  /** Throws where the plan is refused. */
  plan(about: JudgedPlan, cause: Cause): void;
}

interface JudgedPlan {
  readonly namespace: string;
  readonly session: string;
  readonly part: number;
  readonly reason: string;
  readonly expectedEndMs: number;
  readonly tasks: readonly {
    readonly id: string;
    readonly capability: string;
    readonly agent: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly begins: boolean;
  }[];
}

export interface PlanMade {
  readonly part: number;
  readonly begin: readonly PlannedPlace[];
  /** Undefined where nothing but what begins is another than before. */
  readonly plan: Pick<NewPlan, "reason" | "expectedEndMs" | "places"> | undefined;
}

/** Throws where rules refuse what is planned, or what begins by it. */
export function insistOnPlan(
  rules: PlanRules | undefined,
  { namespace, id: session }: InstanceKey,
  view: SessionView,
  { part, begin, plan }: PlanMade,
  cause: Cause,
): void {
  if (rules?.concernsPlans(namespace) !== true) return;
  const begun = new Set(begin.map(({ task }) => task));
  const later = (plan?.places ?? []).filter(({ task }) => !begun.has(task));
  const shown = (begins: boolean) => (place: PlannedPlace) => shownPlace(view, place, begins);
  const tasks = [...begin.map(shown(true)), ...later.map(shown(false))];
  const { reason = "", expectedEndMs = 0 } = plan ?? {};
  rules.plan({ namespace, session, part, reason, expectedEndMs, tasks }, cause);
}

function shownPlace(view: SessionView, { task, agent, startMs, endMs }: PlannedPlace, begins: boolean) {
  const { id = "", work } = view.tasks[task]?.spec ?? {};
  return { id, capability: work?.$case === "capability" ? work.value : "", agent, startMs, endMs, begins };
}
