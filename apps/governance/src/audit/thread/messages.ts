/** What the audit's thread is asked, and what it answers. */
import type { SigningKey } from "@tutti/contracts/governance/v1";
import type { AuditBook } from "../book/book.ts";
import type { ExportPart, ExportWish } from "../book/exporting.ts";
import type { VerifyProgress } from "../book/verifying.ts";

export interface ThreadOrders {
  readonly file: string;
  readonly key: SigningKey;
}

type Shared = "draft" | "page" | "take" | "endsWith" | "lastNumber";
type Asked = "ends" | "prepare" | "commit" | "search" | "get" | "keysNewestFirst" | "dropBefore";
type Proven =
  | "proveInclusion"
  | "proveConsistency"
  | "checkpointWithHeads"
  | "checkpoints"
  | "checkpointsAfter";

/** What is asked of the book as it is, each by the name of its method. */
export type BookCall = Asked | Proven | Shared;
export type BookAsked<Call extends BookCall> = Parameters<AuditBook[Call]>;
export type BookAnswer<Call extends BookCall> = ReturnType<AuditBook[Call]>;

/** What comes in parts, taken one after the other. */
export interface BookStreams {
  readonly export: { readonly wish: ExportWish; readonly part: ExportPart };
  readonly verify: { readonly wish: number; readonly part: VerifyProgress };
}

export type ToThread =
  | {
      readonly id: number;
      readonly kind: "call";
      readonly call: BookCall;
      readonly values: readonly unknown[];
    }
  | { readonly id: number; readonly kind: "records" }
  | {
      readonly id: number;
      readonly kind: "begin";
      readonly stream: keyof BookStreams;
      readonly wish: unknown;
    }
  | { readonly id: number; readonly kind: "next"; readonly of: number }
  | { readonly id: number; readonly kind: "end"; readonly of: number };
