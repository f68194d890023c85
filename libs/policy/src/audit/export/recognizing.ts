/**
 * Recognizes lines that are byte for byte the expected record. Nearly all lines of nearly all exports are
 * such, and they are neither parsed nor kept.
 *
 * A line is written again from its own bytes, and compared, so no intermediate result is trusted. A line that
 * is not recognized is checked like any other line, with the same result.
 */
import type { JournalHead } from "@tutti/contracts/governance/v1";
import { hashedLeaf, recordAt, recordFrom } from "../checkpoints.ts";
import type { KnownRecord } from "./comparing.ts";
import { recordLineOf } from "./lines.ts";

/** Returns whether a line is the expected record under a head. It may return false for a correct line. */
export type Recognizer = (
  line: Buffer,
  due: KnownRecord,
  head: Pick<JournalHead, "service" | "partition">,
) => boolean;

const [quote, comma] = [0x22, 0x2c];
const timeSigns = "2026-01-01T00:00:00.000Z".length;
/** After the bytes of a record. */
const closing = '"}}';

let leaf = Buffer.alloc(4_096);
let written = Buffer.alloc(4_096);

export const isAsWritten: Recognizer = (line, due, { service, partition }) => {
  const at = recordAt(due.id);
  const last = line.length - closing.length;
  if (at === undefined || last < 1) return false;
  const timeFrom = `{"record":{"id":"${due.id}","time":"","time_ms":`.length + timeSigns;
  const timeMs = Number(line.toString("latin1", timeFrom, line.indexOf(comma, timeFrom)));
  if (!Number.isFinite(timeMs)) return false;

  if (leaf.length < recordFrom + line.length) leaf = Buffer.alloc(2 * (recordFrom + line.length));
  const text = line.toString("latin1", line.lastIndexOf(quote, last - 1) + 1, last);
  const end = recordFrom + leaf.write(text, recordFrom, "base64");
  const place = { batch: at.batch, index: at.index, timeMs };
  const recordLine = recordLineOf(service, partition, { ...place, encoded: leaf.subarray(recordFrom, end) });
  if (recordLine?.id !== due.id || !isWritten({ record: recordLine }, line)) return false;

  return hashedLeaf(leaf, end, place, "base64") === due.hash;
};

function isWritten(document: object, line: Buffer): boolean {
  const text = JSON.stringify(document);
  if (written.length < 3 * text.length) written = Buffer.alloc(6 * text.length);
  return line.equals(written.subarray(0, written.write(text)));
}
