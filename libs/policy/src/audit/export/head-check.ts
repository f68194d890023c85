import { type AuditFault, AuditFaultKind, type JournalHead } from "@tutti/contracts/governance/v1";
import { emptyRoot, sameHash } from "../../merkle/hashes.ts";
import { MerkleTree } from "../../merkle/tree.ts";
import { recordAt, recordHash, recordId } from "../checkpoints.ts";
import { compared, fault, type KnownRecord } from "./comparing.ts";
import { type LeavesLine, type RecordLine, recordLineOf, toBytes, toText } from "./lines.ts";
import type { Recognizer } from "./recognizing.ts";

/** The records under one head. Without a fault, only the position is kept. */
export class HeadCheck {
  readonly #head: JournalHead;
  readonly #included: number;
  readonly #leaves = new MerkleTree();
  readonly #expected: KnownRecord[] = [];
  readonly #recognizer: Recognizer;
  #next = 0;
  /** All lines from the first unexpected one on. */
  #others: KnownRecord[] | undefined;

  constructor(head: JournalHead, included: number, recognizer: Recognizer) {
    this.#head = head;
    this.#included = included;
    this.#recognizer = recognizer;
  }

  leaves(texts: LeavesLine): boolean {
    for (const text of texts) {
      const [at, hash = at] = text.split(" ");
      this.#leaves.appendHash(toBytes(hash ?? "").subarray(0, 32));
      if (hash !== at)
        this.#expected.push({ id: `${this.#head.service}/${this.#head.partition}/${at}`, hash: hash ?? "" });
    }
    return true;
  }

  /** Returns whether a line is the expected record, and accepts it. Any other line must be checked. */
  isDue(line: Buffer): boolean {
    const due = this.#expected[this.#next];
    if (due === undefined || this.#others !== undefined || !this.#recognizer(line, due, this.#head))
      return false;
    this.#next++;
    return true;
  }

  record(line: RecordLine, text: string): void {
    const found = { id: line.id, hash: this.#hashOf(line, text) };
    const due = this.#expected[this.#next];
    if (this.#others === undefined && due?.id === found.id && due.hash === found.hash) this.#next++;
    else this.#other(found);
  }

  /** Returns the id of the expected record, if any. */
  unreadable(): string {
    const due = this.#expected[this.#next + (this.#others?.length ?? 0)];
    if (due === undefined) return "";
    this.#other({ id: due.id, hash: "" });
    return due.id;
  }

  finish(): AuditFault[] {
    const { service, partition, batch, recordCount, recordsRoot } = this.#head;
    const faults = compared(this.#expected.slice(this.#next), this.#others ?? []);
    const name = `${service}/${partition}/${batch}`;
    const changed = (message: string) => fault(name, AuditFaultKind.AUDIT_FAULT_KIND_CHANGED, message);
    if (this.#expected.length !== this.#included)
      faults.push(changed(`the head reports ${this.#included} records and lists ${this.#expected.length}`));
    if (this.#included === 0) return faults;
    const root = this.#leaves.size === 0 ? emptyRoot : this.#leaves.rootAt();
    if (this.#leaves.size !== recordCount || !sameHash(root, recordsRoot))
      faults.push(changed("the hashes of the records up to this batch are not those that were signed"));
    return faults;
  }

  #other(found: KnownRecord): void {
    this.#others ??= [];
    this.#others.push(found);
  }

  /** Returns the hash of the leaf. Empty if the text of the line does not match its bytes. */
  #hashOf(line: RecordLine, text: string): string {
    const at = recordAt(line.id);
    if (at === undefined) return "";
    const record = { ...at, timeMs: line.time_ms, encoded: toBytes(line.encoded) };
    const recordLine = recordLineOf(at.service, at.partition, record);
    if (recordLine === undefined || JSON.stringify({ record: recordLine }) !== text) return "";
    if (recordId(this.#head.service, this.#head.partition, at) !== line.id) return "";
    return toText(recordHash(record, record.encoded));
  }
}
