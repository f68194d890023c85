/** Health of the processes of an installation. `doctor` and `status` use the same verdict. */
import type { ProcessComponents } from "@tutti/rest/types";

const severities = ["healthy", "degraded", "unhealthy"] as const;
export type Level = (typeof severities)[number];

export function worstOf(levels: readonly Level[]): Level {
  return severities[Math.max(0, ...levels.map((level) => severities.indexOf(level)))] ?? "healthy";
}

/** Returns the health of a process. Its first component is the process itself, which serves only while it is ready. */
export function levelOf({ problem = "", components: [whole] }: ProcessComponents): Level {
  if (problem !== "") return "unhealthy";
  if (whole === undefined || whole.state === "ready") return "healthy";
  return whole.state === "degraded" ? "degraded" : "unhealthy";
}

export function levelWord({ problem = "", components: [whole] }: ProcessComponents): string {
  return problem !== "" ? "away" : (whole?.state ?? "");
}

export const processName = ({ services, address = "" }: ProcessComponents): string =>
  `${services.join(", ")}${address === "" ? "" : ` at ${address}`}`;

/** Returns the reasons of the innermost components that are not ready. */
export function problemsOf(process: ProcessComponents): string[] {
  if (process.problem) return [process.problem];
  const ailing = process.components.filter(({ state }) => state !== "ready");
  const innermost = ailing.filter(({ path = "" }) => !ailing.some((one) => one.path?.startsWith(`${path}.`)));
  return innermost.map(({ path = "", reason = "", state }) => `${path}: ${reason || state}`);
}
