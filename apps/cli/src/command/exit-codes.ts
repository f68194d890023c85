/** Exit codes for programs. They include the outcomes of a followed run. */
export const exitCodes = {
  completed: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  unreachable: 4,
  forbidden: 5,
  cancelled: 6,
  terminated: 7,
  unfinished: 8,
  fault: 70,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  completed: "success. A followed run completed",
  failed: "a followed run failed, or a check found problems",
  usage: "invalid command line",
  refused: "the platform rejected the request: not found, wrong state or invalid input",
  unreachable: "the platform is not reachable",
  forbidden: "missing, wrong or insufficient key",
  cancelled: "a followed run was cancelled",
  terminated: "a followed run was terminated",
  unfinished: "a followed run has not ended: timeout, or quarantined",
  fault: "internal error of the CLI",
  interrupted: "stopped by Ctrl-C. Started work continues",
};

const ofOutcome: Readonly<Record<string, ExitCode>> = {
  completed: exitCodes.completed,
  continued: exitCodes.completed,
  failed: exitCodes.failed,
  cancelled: exitCodes.cancelled,
  terminated: exitCodes.terminated,
};

/** Returns the exit code for the state of a run. */
export function exitCodeOf(state: string): ExitCode {
  return ofOutcome[state] ?? exitCodes.unfinished;
}
