/** Runs the programs of agents, one for each berth: processes of this machine, or containers. */
import type { TuttiError } from "@tutti/kernel";

export interface LaunchedAs {
  readonly agentId: string;
  readonly launchId: string;
}

export interface Programs {
  /**
   * Starts the program of an agent. Throws where it cannot be started. Undefined when it was not wanted any more before
   * it could be.
   */
  launch(agent: LaunchedAs, isWanted: () => boolean): Promise<Running | undefined>;
  /** The reason why no program can start. Undefined if there is none. */
  trouble?(): TuttiError | undefined;
}

export interface Running {
  /** Never rejects. */
  readonly ended: Promise<Ending>;
  /** To it and to all that it started. */
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

/** With what it said last, which is for those who look after it and not for senders of its tasks. */
export function wholeTextOf(ending: Ending): string {
  const last = ending.kind === "exited" ? ending.lastLine : undefined;
  return last === undefined ? textOf(ending) : `${textOf(ending)}, saying "${last.slice(0, lastLineMax)}"`;
}

const lastLineMax = 200;
