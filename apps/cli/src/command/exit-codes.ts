/** What a program learns from how the command ended. The outcome of a run that was followed is among them. */
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
  completed: "it is done; a run that was followed completed",
  failed: "a run that was followed failed; a check or the doctor found something",
  usage: "the words of the command are wrong",
  refused: "the platform refused: no such run, not in this state, input that does not fit",
  unreachable: "the platform cannot be reached",
  forbidden: "no key, a wrong one, or one that may not do this",
  cancelled: "a run that was followed was cancelled",
  terminated: "a run that was followed was terminated",
  unfinished: "a run that was followed has not ended: the time was up, or it is quarantined",
  fault: "a fault of the command itself",
  interrupted: "stopped by Ctrl-C; what was started goes on",
};

const ofOutcome: Readonly<Record<string, ExitCode>> = {
  completed: exitCodes.completed,
  continued: exitCodes.completed,
  failed: exitCodes.failed,
  cancelled: exitCodes.cancelled,
  terminated: exitCodes.terminated,
};

/** Of the state that a run was left in. */
export function exitCodeOf(state: string): ExitCode {
  return ofOutcome[state] ?? exitCodes.unfinished;
}
