import { counted, spanOf } from "@tutti/kernel";
import type { Judged, Judgement } from "./chooser.ts";
import { type Mode, safeMode } from "./mode.ts";
import type { Prediction } from "./predict.ts";

const whatModesDo: Readonly<Record<Mode, string>> = {
  workflow: "in the declared order, as a run",
  swarm: "by agents of a shared pool, as a mission",
  intelligence: "by a plan on the agents there are",
  hybrid: "in parts, each in the mode that suits it",
};

export function reasonOfCandidate(mode: Mode, by: Prediction["by"]): string {
  return by === "ranks"
    ? `${whatModesDo[mode]}. Too large to try its plans, so estimated by ranks`
    : whatModesDo[mode];
}

/** Explains the choice of a mode, for people. */
export function reasonOf(
  features: Readonly<Record<string, number>>,
  { judged, chosen, confidence, explored, fallback }: Judgement,
): string {
  const own = judged[chosen];
  const others = judged.filter(({ eligible }, at) => eligible && at !== chosen);
  const next = others.toSorted((one, other) => other.score - one.score)[0];
  if (own === undefined) return "there was nothing to choose from";
  const shape = shapeOf(features);
  if (next === undefined) return `${own.mode} is the only mode that can be chosen. Work: ${shape}`;
  const beside = `${own.mode} is expected to take ${spanOf(own.expectedMs)}, ${besideOf(own, next)}`;
  if (explored) return `${beside}, and is tried to learn whether it is better than expected. Work: ${shape}`;
  if (fallback) {
    return `${safeMode} is the safe choice while nothing is sure: ${next.mode} is expected to take ${spanOf(next.expectedMs)} instead of ${spanOf(own.expectedMs)}. Work: ${shape}`;
  }
  const sure = confidence >= 0.9 ? "surely" : confidence >= 0.7 ? "probably" : "perhaps";
  return `${beside}, ${sure} the best of ${others.length + 1}. Work: ${shape}`;
}

function besideOf(own: Judged, next: Judged): string {
  const share = next.expectedMs === 0 ? 0 : own.expectedMs / next.expectedMs - 1;
  const nextSpan = `${next.mode} ${spanOf(next.expectedMs)}`;
  if (Math.abs(share) < 0.01) return `as long as ${nextSpan}`;
  return `${Math.round(Math.abs(share) * 100)} % ${share < 0 ? "less than" : "more than"} ${nextSpan}`;
}

function shapeOf(features: Readonly<Record<string, number>>): string {
  const value = (name: string) => features[name] ?? 0;
  const words = [
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
  return words.filter((word) => word !== "").join(" ");
}

function arrangementOf(tasks: number, width: number, depth: number): string {
  if (tasks <= 1) return "";
  if (width <= 1) return "one after the other";
  return depth <= 1 ? "side by side" : `up to ${width} side by side in ${counted(depth, "step")}`;
}
