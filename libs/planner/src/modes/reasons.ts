import { counted, durationText } from "@tutti/kernel";
import type { Judged, Judgement } from "./chooser.ts";
import { type Mode, safeMode } from "./mode.ts";
import type { Prediction } from "./predict.ts";

const modeDescriptions: Readonly<Record<Mode, string>> = {
  workflow: "in the declared order, as a run",
  swarm: "by agents of a shared pool, as a mission",
  intelligence: "by a plan on the agents there are",
  hybrid: "in parts, each in the mode that suits it",
};

export function reasonOfCandidate(mode: Mode, by: Prediction["by"]): string {
  return by === "ranks"
    ? `${modeDescriptions[mode]}. Too large to try its plans, so estimated by ranks`
    : modeDescriptions[mode];
}

/** Explains the choice of a mode, for people. */
export function reasonOf(
  features: Readonly<Record<string, number>>,
  { judged, chosen, confidence, explored, fallback }: Judgement,
): string {
  const own = judged[chosen];
  const others = judged.filter(({ eligible }, at) => eligible && at !== chosen);
  const next = others.toSorted((one, other) => other.score - one.score)[0];
  if (own === undefined) return "no mode was available";
  const shape = shapeOf(features);
  if (next === undefined) return `${own.mode} is the only mode that can be chosen. Work: ${shape}`;
  const comparison = `${own.mode} is expected to take ${durationText(own.expectedMs)}, ${comparisonText(own, next)}`;
  if (explored)
    return `${comparison}, and is tried to learn whether it is better than expected. Work: ${shape}`;
  if (fallback) {
    return `${safeMode} is the safe choice while estimates are uncertain: ${next.mode} is expected to take ${durationText(next.expectedMs)} instead of ${durationText(own.expectedMs)}. Work: ${shape}`;
  }
  const sure = confidence >= 0.9 ? "surely" : confidence >= 0.7 ? "probably" : "perhaps";
  return `${comparison}, ${sure} the best of ${others.length + 1}. Work: ${shape}`;
}

function comparisonText(own: Judged, next: Judged): string {
  const share = next.expectedMs === 0 ? 0 : own.expectedMs / next.expectedMs - 1;
  const nextDuration = `${next.mode} ${durationText(next.expectedMs)}`;
  if (Math.abs(share) < 0.01) return `as long as ${nextDuration}`;
  return `${Math.round(Math.abs(share) * 100)} % ${share < 0 ? "less than" : "more than"} ${nextDuration}`;
}

function shapeOf(features: Readonly<Record<string, number>>): string {
  const value = (name: string) => features[name] ?? 0;
  const parts = [
    counted(value("tasks"), "task"),
    arrangementOf(value("tasks"), value("width"), value("depth")),
    value("finds") > 0.05 ? "which find more while they run" : "",
    value("unknown") > 0.5
      ? "of mostly unknown length"
      : value("variation") > 0.7
        ? "of very different length"
        : "",
    `on ${counted(value("slots"), "slot")} of ${counted(value("agents"), "agent")}`,
    value("speedVariation") > 0.15 ? "of unequal speed" : "",
    value("load") > 0.2 ? `of which others have ${Math.round(value("load") * 100)} %` : "",
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function arrangementOf(tasks: number, width: number, depth: number): string {
  if (tasks <= 1) return "";
  if (width <= 1) return "one after the other";
  return depth <= 1 ? "side by side" : `up to ${width} side by side in ${counted(depth, "step")}`;
}
