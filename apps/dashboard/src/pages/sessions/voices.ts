/** The voice of each mode: a word, a letter and a colour. The letter is used in narrow places. */
import type { Mode } from "@tutti/rest/types";

export interface Voice {
  readonly label: string;
  readonly letter: string;
  /** Name of the CSS class with its colour. */
  readonly name: string;
  /** In a sentence. */
  readonly about: string;
}

const voices: Readonly<Partial<Record<Mode, Voice>>> = {
  workflow: { label: "workflow", letter: "W", name: "workflow", about: "in the declared order, as a run" },
  swarm: { label: "swarm", letter: "S", name: "swarm", about: "agents claim tasks, as a mission" },
  intelligence: {
    label: "intelligence",
    letter: "I",
    name: "intelligence",
    about: "by a plan from learned durations, updated while it runs",
  },
  hybrid: { label: "hybrid", letter: "H", name: "hybrid", about: "its parts in several modes at once" },
  adaptive: { label: "adaptive", letter: "A", name: "adaptive", about: "chosen by Tutti" },
  custom: { label: "orchestrator", letter: "O", name: "custom", about: "by a custom orchestrator" },
};

export const modeOrder = ["workflow", "swarm", "intelligence", "hybrid", "custom"] as const;

export function voiceOf(mode: Mode | undefined): Voice {
  return (
    voices[mode ?? "unspecified"] ?? {
      label: "not chosen yet",
      letter: "·",
      name: "none",
      about: "not chosen yet",
    }
  );
}

/** `hybrid, chosen`: its mode, and whether Tutti chose it. Lists do not contain the request. */
export function modeText(requested: Mode | undefined, effective: Mode | undefined): string {
  const isKnown = effective !== undefined && effective !== "unspecified";
  if (requested === "adaptive") return isKnown ? `${voiceOf(effective).label}, chosen` : "adaptive";
  return voiceOf(isKnown ? effective : requested).label;
}
