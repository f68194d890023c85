/** What somebody who looks at a data directory has found. */
export interface Finding {
  /** For programs: `torn-tail`. */
  readonly code: FindingCode;
  /** `notice`: worth knowing, nothing has to be done. `problem`: something has to be. */
  readonly level: "sound" | "notice" | "problem";
  /** What it is, with its place. */
  readonly text: string;
  /** What to do; empty where that is nothing. */
  readonly advice: string;
}

export type FindingCode =
  | "absent"
  | "about-unreadable"
  | "archive-damaged"
  | "archive-sound"
  | "copied"
  | "disk-almost-full"
  | "disk-full"
  | "empty"
  | "handed-over"
  | "held"
  | "journal-damaged"
  | "journal-sound"
  | "left-behind"
  | "newer-release"
  | "no-journal"
  | "no-permission"
  | "not-a-directory"
  | "not-copied"
  | "not-data"
  | "not-joined"
  | "partitions-differ"
  | "torn-tail"
  | "unfinished-copy";

export function sound(code: FindingCode, text: string): Finding {
  return { code, level: "sound", text, advice: "" };
}

export function notice(code: FindingCode, text: string, advice: string): Finding {
  return { code, level: "notice", text, advice };
}

export function problem(code: FindingCode, text: string, advice: string): Finding {
  return { code, level: "problem", text, advice };
}
