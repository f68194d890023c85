/** Health of the processes of an installation. `doctor` and `status` use the same verdict. */
import type { ProcessComponents } from "@tutti/rest/types";

const severities = ["healthy", "degraded", "unhealthy"] as const;
export type Level = (typeof severities)[number];

export function worstOf(levels: readonly Level[]): Level {
  return severities[Math.max(0, ...levels.map((level) => severities.indexOf(level)))] ?? "healthy";
}

/** Returns the health of a process. Its first component is the process itself, which serves only while it is ready. */
export function levelOf({ problem = "", components: [root] }: ProcessComponents): Level {
  if (problem !== "") return "unhealthy";
  if (root === undefined || root.state === "ready") return "healthy";
  return root.state === "degraded" ? "degraded" : "unhealthy";
}

export function levelText({ problem = "", components: [root] }: ProcessComponents): string {
  return problem !== "" ? "away" : (root?.state ?? "");
}

export const processName = ({ services, address = "" }: ProcessComponents): string =>
  `${services.join(", ")}${address === "" ? "" : ` at ${address}`}`;

/** Returns the reasons of the innermost components that are not ready. */
export function problemsOf(process: ProcessComponents): string[] {
  if (process.problem) return [process.problem];
  const ailing = process.components.filter(({ state }) => state !== "ready");
  const innermost = ailing.filter(
    ({ path = "" }) => !ailing.some((component) => component.path?.startsWith(`${path}.`)),
  );
  return innermost.map(({ path = "", reason = "", state }) => `${path}: ${reason || state}`);
}
