/** The messages to and from the audit thread. */
import type { SigningKey } from "@tutti/contracts/governance/v1";
import type { AuditBook, Prepared } from "../book/book.ts";
import type { ExportPart, ExportRequest } from "../book/exporting.ts";
import type { JournalPart } from "../book/intake.ts";
import type { VerifyProgress } from "../book/verifying.ts";
import type { OwnLog } from "./own-log.ts";

export interface ThreadOrders {
  readonly file: string;
  readonly key: SigningKey;
}

type Shared = "draft" | "page" | "addPage" | "endsWith" | "lastNumber";
type BookRead = "ends" | "commit" | "search" | "get" | "keysNewestFirst" | "dropBefore" | "hasBefore";
type Complete = "status" | "retain";
type Proven =
  | "proveInclusion"
  | "proveConsistency"
  | "checkpointIfThere"
  | "checkpointWithHeads"
  | "checkpoints"
  | "checkpointsAfter";

/** Reads of the book, each by the name of its method. */
export type BookCall = BookRead | Complete | Proven | Shared;
export type BookArguments<Call extends BookCall> = Parameters<AuditBook[Call]>;
export type BookAnswer<Call extends BookCall> = ReturnType<AuditBook[Call]>;

/** The input of a checkpoint: batches of other processes, and the log of this one. */
export interface Gathered {
  readonly parts: readonly JournalPart[];
  /** Undefined if all journals are among the given parts. */
  readonly own: OwnLog | undefined;
  /** Maximum from its own log. */
  readonly bytesMax: number;
}

export interface PreparedOf extends Prepared {
  /** True if the log has more. */
  readonly isMore: boolean;
}

/** Streams, taken one part after the other. */
export interface BookStreams {
  readonly export: { readonly request: ExportRequest; readonly part: ExportPart };
  readonly verify: { readonly request: number; readonly part: VerifyProgress };
}

export type ToThread =
  | {
      readonly id: number;
      readonly kind: "call";
      readonly call: BookCall;
      readonly values: readonly unknown[];
    }
  | { readonly id: number; readonly kind: "prepare"; readonly gathered: Gathered }
  | { readonly id: number; readonly kind: "records" }
  | {
      readonly id: number;
      readonly kind: "begin";
      readonly stream: keyof BookStreams;
      readonly request: unknown;
    }
  | { readonly id: number; readonly kind: "next"; readonly of: number }
  | { readonly id: number; readonly kind: "end"; readonly of: number };
