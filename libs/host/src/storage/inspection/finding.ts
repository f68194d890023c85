/** Findings about a data directory. */
export interface Finding {
  /** Code for programs: `torn-tail`. */
  readonly code: FindingCode;
  /** `notice`: worth knowing, no action required. `problem`: action required. */
  readonly level: "sound" | "notice" | "problem";
  /** Description of the finding, with its place. */
  readonly text: string;
  /** The remedy. Empty if none is required. */
  readonly advice: string;
}

export type FindingCode =
  | "about-unreadable"
  | "absent"
  | "archive-damaged"
  | "archive-sound"
  | "audit-damaged"
  | "audit-sound"
  | "blob-damaged"
  | "blob-missing"
  | "bundle-damaged"
  | "cluster"
  | "copied"
  | "disk-almost-full"
  | "disk-full"
  | "empty"
  | "file-missing"
  | "handed-over"
  | "held"
  | "journal-damaged"
  | "journal-missing"
  | "journal-sound"
  | "insight-damaged"
  | "insight-sound"
  | "key-damaged"
  | "keys-elsewhere"
  | "keys-sealed"
  | "keys-sound"
  | "keys-unlisted"
  | "left-behind"
  | "list-damaged"
  | "list-unlisted"
  | "newer-release"
  | "no-journal"
  | "no-permission"
  | "not-a-directory"
  | "not-copied"
  | "not-data"
  | "not-joined"
  | "not-restored"
  | "partitions-differ"
  | "restored"
  | "sign-ins-damaged"
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
