/**
 * Verifies an export with only the public key of the installation's first key, line by line.
 *
 * The chain of proofs: each record has a leaf, the leaves of a head have its root, the heads have the root of
 * the checkpoint, which is signed. All lines together are signed. So any change breaks one of these, and the
 * innermost of them shows the changed record.
 */
import {
  type AuditFault,
  AuditFaultKind,
  type JournalHead,
  type SigningKey,
} from "@tutti/contracts/governance/v1";
import { sameHash } from "../../merkle/hashes.ts";
import { MerkleTree } from "../../merkle/tree.ts";
import { checkpointFault, headLeaf, headsFault } from "../checkpoints.ts";
import { TrustedKeys } from "../signing-keys.ts";
import { fault } from "./comparing.ts";
import { HeadCheck } from "./head-check.ts";
import {
  type CheckpointLine,
  checkpointFrom,
  type EndLine,
  type ExportLine,
  exportVersion,
  type HeadLine,
  headOf,
  type KeyLine,
  keyOf,
  type LeavesLine,
  type MissingLine,
  type RecordLine,
  toBytes,
  toText,
} from "./lines.ts";
import { isAsWritten, type Recognizer } from "./recognizing.ts";
import { chainBefore, chained, signedPartOf } from "./writing.ts";

export interface ExportVerdict {
  readonly records: number;
  readonly checkpoints: number;
  readonly faults: readonly AuditFault[];
  /** Number of faults beyond the reported ones. */
  readonly moreFaults: number;
}

const faultsMax = 1_000;
/** A longer line is invalid: a record is a part of a batch, and a batch is a few MiB. */
const lineBytesMax = 256 * 2 ** 20;
const lineFeed = 10;
const carriageReturn = 13;

/** A parsed line: one of these. */
interface Document {
  readonly export?: ExportLine;
  readonly key?: KeyLine;
  readonly head?: HeadLine;
  readonly leaves?: LeavesLine;
  readonly record?: RecordLine;
  readonly missing?: MissingLine;
  readonly checkpoint?: CheckpointLine;
  readonly end?: EndLine;
}

export class ExportVerifier {
  readonly #trusted: Uint8Array;
  readonly #recognizer: Recognizer;
  readonly #faults: AuditFault[] = [];
  readonly #documentKeys: SigningKey[] = [];
  readonly #heads = new Map<string, JournalHead>();
  #keys: TrustedKeys | undefined;
  #tree: MerkleTree | undefined;
  #head: HeadCheck | undefined;
  #newHeads: JournalHead[] = [];
  #lines = 0;
  #chain = chainBefore;
  #records = 0;
  #checkpoints = 0;
  #moreFaults = 0;
  #hasEnded = false;
  #isTreeWrong = false;
  /** The beginning of a line that continues in the next bytes. */
  #partialLine: Buffer[] = [];
  #partialBytes = 0;

  /** `trusted`: the public key from another source. */
  constructor(trusted: Uint8Array, recognizer: Recognizer = isAsWritten) {
    this.#trusted = trusted;
    this.#recognizer = recognizer;
  }

  get records(): number {
    return this.#records;
  }

  /** Accepts the next bytes of the export, with any boundaries. */
  bytes(next: Uint8Array): void {
    const bytes = Buffer.from(next.buffer, next.byteOffset, next.byteLength);
    let from = 0;
    for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, from)) {
      const rest = bytes.subarray(from, at);
      this.#line(this.#partialLine.length === 0 ? rest : Buffer.concat([...this.#partialLine, rest]));
      this.#partialLine = [];
      this.#partialBytes = 0;
      from = at + 1;
    }
    if (from === bytes.length) return;
    this.#partialBytes += bytes.length - from;
    // A line without an end is invalid. Its stored part, which is bounded, is read as a line.
    if (this.#partialBytes <= lineBytesMax) this.#partialLine.push(Buffer.from(bytes.subarray(from)));
  }

  /** Accepts the next line, without its line break. */
  line(text: string): void {
    this.#line(Buffer.from(text));
  }

  /** Returns the verdict after all lines. */
  finish(): ExportVerdict {
    if (this.#partialLine.length > 0) this.#line(Buffer.concat(this.#partialLine));
    this.#partialLine = [];
    if (!this.#hasEnded)
      this.#report(
        fault("", AuditFaultKind.AUDIT_FAULT_KIND_REMOVED, "the export has no end: it was cut off"),
      );
    return {
      records: this.#records,
      checkpoints: this.#checkpoints,
      faults: this.#faults,
      moreFaults: this.#moreFaults,
    };
  }

  #line(bytes: Buffer): void {
    // Some programs change line ends when they copy a file.
    const line = bytes.at(-1) === carriageReturn ? bytes.subarray(0, -1) : bytes;
    if (!this.#hasEnded && this.#head?.isDue(line) === true) {
      this.#lines++;
      this.#records++;
      this.#chain = chained(this.#chain, line);
    } else {
      this.#parse(line);
    }
  }

  #parse(line: Buffer): void {
    if (this.#hasEnded) {
      this.#report(
        fault("", AuditFaultKind.AUDIT_FAULT_KIND_INSERTED, `line ${this.#lines + 2} is after the end`),
      );
      return;
    }
    const text = line.toString("utf8");
    const document = parsed(text);
    if (document?.end !== undefined && this.#checkEndLine(document.end, text)) return;
    this.#lines++;
    this.#chain = chained(this.#chain, line);
    if (document === undefined || !this.#apply(document, text)) this.#unreadable();
  }

  #apply(document: Document, text: string): boolean {
    try {
      if (document.record !== undefined) return this.#record(document.record, text);
      if (document.leaves !== undefined) return this.#head?.leaves(document.leaves) ?? false;
      if (document.head !== undefined) return this.#readHead(document.head);
      if (document.missing !== undefined) return this.#missing(document.missing);
      if (document.checkpoint !== undefined) return this.#checkpoint(document.checkpoint);
      if (document.key !== undefined) return this.#documentKeys.push(keyOf(document.key)) > 0;
      if (document.export !== undefined) return this.#open(document.export);
      return false;
    } catch {
      // A document of another form than its name: any missing part throws.
      return false;
    }
  }

  #open({ version, before }: ExportLine): boolean {
    if (this.#tree !== undefined) return false;
    if (version !== exportVersion) {
      const message = `it is of version ${version}, and this release verifies version ${exportVersion}`;
      this.#report(fault("", AuditFaultKind.AUDIT_FAULT_KIND_CHANGED, message));
    }
    this.#tree = MerkleTree.after(before.size, before.parts.map(toBytes));
    return true;
  }

  #readHead(line: HeadLine): boolean {
    this.#endHead();
    const head = headOf(line);
    this.#head = new HeadCheck(head, line.included, this.#recognizer);
    this.#newHeads.push(head);
    this.#tree?.append(headLeaf(head));
    return true;
  }

  #record(line: RecordLine, text: string): boolean {
    this.#records++;
    if (this.#head === undefined) return false;
    this.#head.record(line, text);
    return true;
  }

  /** Handles a line by which the installation itself reports a loss. */
  #missing({ id, message }: MissingLine): boolean {
    if (typeof id !== "string" || typeof message !== "string") return false;
    this.#report(fault(id, AuditFaultKind.AUDIT_FAULT_KIND_REMOVED, message));
    return true;
  }

  #endHead(): void {
    for (const found of this.#head?.finish() ?? []) this.#report(found);
    this.#head = undefined;
  }

  #checkpoint(line: CheckpointLine): boolean {
    this.#endHead();
    this.#checkpoints++;
    const checkpoint = checkpointFrom(line);
    const name = `checkpoint ${line.number}`;
    const signed = checkpointFault(checkpoint, this.#trustedKeys());
    if (signed !== undefined)
      this.#report(fault("", AuditFaultKind.AUDIT_FAULT_KIND_SIGNATURE, `${name}: ${signed}`));
    const backward = headsFault(this.#newHeads, this.#heads);
    if (backward !== undefined)
      this.#report(fault("", AuditFaultKind.AUDIT_FAULT_KIND_CHANGED, `${name}: ${backward}`));
    const tree = this.#tree;
    const isComplete = tree?.size === line.tree_size && sameHash(tree.rootAt(), checkpoint.rootHash);
    // A tree keeps its leaves: after the first wrong head every later root differs.
    if (!isComplete && !this.#isTreeWrong) {
      this.#isTreeWrong = true;
      const heads = this.#newHeads.map(({ service, partition, batch }) => `${service}/${partition}/${batch}`);
      const message = `${name} is not over the heads before it (${heads.join(", ") || "none"})`;
      this.#report(fault("", AuditFaultKind.AUDIT_FAULT_KIND_CHANGED, message));
    }
    for (const head of this.#newHeads) this.#heads.set(`${head.service}/${head.partition}`, head);
    this.#newHeads = [];
    return true;
  }

  /** Returns whether it is the exact end line: no signature would show a change in this line. */
  #checkEndLine(line: EndLine, text: string): boolean {
    if (typeof line?.lines !== "number" || typeof line.time_ms !== "number") return false;
    const { lines, time_ms, signature, signing_key_id } = line;
    const written: EndLine = {
      lines,
      time_ms,
      signature: toText(toBytes(String(signature))),
      signing_key_id,
    };
    if (JSON.stringify({ end: written }) !== text) return false;
    this.#endHead();
    this.#hasEnded = true;
    this.#readEnd(line);
    return true;
  }

  #readEnd({ lines, time_ms, signature, signing_key_id }: EndLine): void {
    if (this.#newHeads.length > 0)
      this.#report(fault("", AuditFaultKind.AUDIT_FAULT_KIND_REMOVED, "the last heads have no checkpoint"));
    const parts = { signingKeyId: signing_key_id, signature: toBytes(String(signature)), timeMs: time_ms };
    const content = signedPartOf({ lines: this.#lines, time_ms }, this.#chain);
    const signed = this.#trustedKeys().fault(parts, "export", content);
    if (lines !== this.#lines) {
      const kind =
        AuditFaultKind[lines > this.#lines ? "AUDIT_FAULT_KIND_REMOVED" : "AUDIT_FAULT_KIND_INSERTED"];
      this.#report(fault("", kind, `it has ${this.#lines} lines, and was written with ${lines}`));
    }
    if (signed !== undefined)
      this.#report(
        fault("", AuditFaultKind.AUDIT_FAULT_KIND_SIGNATURE, `the export is not as it was signed: ${signed}`),
      );
  }

  #trustedKeys(): TrustedKeys {
    if (this.#keys !== undefined) return this.#keys;
    const keys = new TrustedKeys(this.#trusted, this.#documentKeys);
    for (const { signingKeyId, message } of keys.faults) {
      const name = signingKeyId === "" ? "keys" : `key "${signingKeyId}"`;
      this.#report(fault("", AuditFaultKind.AUDIT_FAULT_KIND_SIGNATURE, `${name}: ${message}`));
    }
    this.#keys = keys;
    return keys;
  }

  #unreadable(): void {
    // If a record is expected, the line counts as that record.
    const due = this.#head?.unreadable() ?? "";
    if (due !== "") return;
    const message = `line ${this.#lines} is none of an export, or not where it belongs`;
    this.#report(fault("", AuditFaultKind.AUDIT_FAULT_KIND_CHANGED, message));
  }

  #report(found: AuditFault): void {
    if (this.#faults.length < faultsMax) this.#faults.push(found);
    else this.#moreFaults++;
  }
}

function parsed(text: string): Document | undefined {
  try {
    const document: unknown = JSON.parse(text);
    return typeof document === "object" && document !== null ? document : undefined;
  } catch {
    return;
  }
}
