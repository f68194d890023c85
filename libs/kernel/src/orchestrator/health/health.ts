/**
 * Level of health. `degraded`: it serves, but worse than it should, or without a part that is not strictly required.
 * `unhealthy`: it does not serve.
 */
export type HealthLevel = "healthy" | "degraded" | "unhealthy";

export type HealthDetails = Readonly<Record<string, string | number | boolean>>;

export interface Health {
  readonly level: HealthLevel;
  /** The problem, for the operator. Empty when healthy. */
  readonly reason: string;
  /** Numbers and identifiers that help to find the cause. Never a secret. */
  readonly details?: HealthDetails;
}

/** The health of a whole and of its parts. */
export interface HealthReport extends Health {
  readonly components: Readonly<Record<string, Health>>;
}

/** A reason why an orchestrator does not serve. */
export interface ReadinessProblem {
  /** Names from the outermost to the innermost, with dots: `platform.registry.store`. */
  readonly component: string;
  readonly reason: string;
}

/** Whether an orchestrator serves, and its problems if it does not. */
export interface Readiness {
  readonly ready: boolean;
  readonly problems: readonly ReadinessProblem[];
}

export const healthy: Health = Object.freeze({ level: "healthy", reason: "" });

export function degraded(reason: string, details?: HealthDetails): Health {
  return details === undefined ? { level: "degraded", reason } : { level: "degraded", reason, details };
}

export function unhealthy(reason: string, details?: HealthDetails): Health {
  return details === undefined ? { level: "unhealthy", reason } : { level: "unhealthy", reason, details };
}

const severities = { healthy: 0, degraded: 1, unhealthy: 2 } as const satisfies Record<HealthLevel, number>;

/** 0 healthy, 1 degraded, 2 unhealthy. */
export function severityOf({ level }: Health): number {
  return severities[level];
}

export function worseOf(one: Health, other: Health): Health {
  return severityOf(other) > severityOf(one) ? other : one;
}

export function sameHealth(one: Health, other: Health): boolean {
  return one.level === other.level && one.reason === other.reason;
}

export interface HealthPart {
  readonly name: string;
  /** Whether the orchestrator needs this part to serve. Without another part it only serves worse. */
  readonly critical: boolean;
  readonly health: Health;
}

/** Returns the health of the worst part. A part that is not critical makes it at most degraded. */
export function aggregateHealth(parts: readonly HealthPart[]): Health {
  const ailing = parts.filter(({ health }) => health.level !== "healthy");
  if (ailing.length === 0) return healthy;
  const broken = ailing.some(({ critical, health }) => critical && health.level === "unhealthy");
  const worstFirst = ailing.toSorted((one, other) => severityOf(other.health) - severityOf(one.health));
  const reason = worstFirst
    .map(({ name, health }) => `${name} is ${health.level}: ${health.reason}`)
    .join("; ");
  return broken ? unhealthy(reason) : degraded(reason);
}
