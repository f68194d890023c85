/** Runs the programs of agents, one for each berth: processes of this machine, or containers. */
import type { TuttiError } from "@tutti/kernel";

export interface LaunchedAs {
  readonly agentId: string;
  readonly launchId: string;
}

export interface Programs {
  /**
   * Starts the program of an agent. Throws if it cannot be started. Returns undefined if it was no longer
   * wanted before the start.
   */
  launch(agent: LaunchedAs, isNeeded: () => boolean): Promise<Running | undefined>;
  /** Returns why no program can start. Undefined if nothing prevents it. */
  trouble?(): TuttiError | undefined;
}

export interface Running {
  /** Never rejects. */
  readonly ended: Promise<Ending>;
  /** Sends a signal to the program and its children. */
  signal(signal: StopSignal): void;
}

export type StopSignal = "SIGTERM" | "SIGKILL";

/** How a program ended. */
export type Ending =
  | { readonly kind: "exited"; readonly code: number; readonly lastLine?: string | undefined }
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "never started"; readonly reason: string }
  | { readonly kind: "taken away"; readonly how: string };

export function textOf(ending: Ending): string {
  switch (ending.kind) {
    case "exited":
      return `ended with code ${ending.code}`;
    case "killed":
      return `was ended by ${ending.signal}`;
    case "never started":
      return `could not be started: ${ending.reason}`;
    case "taken away":
      return ending.how;
  }
}

/** Returns the ending with the last output, which is for operators and not for senders. */
export function detailedTextOf(ending: Ending): string {
  const last = ending.kind === "exited" ? ending.lastLine : undefined;
  return last === undefined
    ? textOf(ending)
    : `${textOf(ending)}, last output "${last.slice(0, lastLineMax)}"`;
}

const lastLineMax = 200;
