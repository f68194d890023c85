import { archiveErrors } from "../../errors.ts";
import { rowSum } from "../checksum.ts";
import type { ArchiveDatabase, Row, Statement } from "../database.ts";

/** Events 1 to 64 are the first part, 65 to 128 the second. */
export const solidEvents = 64;

/** The table `solid`: 64 events of one instance to a row, so that any page of a long life is a few rows. */
export class SolidRows {
  readonly #file: string;
  readonly #insert: Statement;
  readonly #range: Statement;
  readonly #delete: Statement;
  readonly #some: Statement;

  constructor(database: ArchiveDatabase) {
    this.#file = database.file;
    this.#insert = database.statement(
      "INSERT OR REPLACE INTO solid (instance, part, data, sum) VALUES (?, ?, ?, ?)",
    );
    this.#range = database.statement(
      "SELECT * FROM solid WHERE instance = ? AND part >= ? AND part <= ? ORDER BY part",
    );
    this.#delete = database.statement(
      "DELETE FROM solid WHERE id IN (SELECT id FROM solid WHERE instance = ? LIMIT ?)",
    );
    this.#some = database.statement("SELECT * FROM solid WHERE id > ? ORDER BY id LIMIT ?");
  }

  write(instance: number, part: number, data: Uint8Array): void {
    this.#insert.run(instance, part, data, rowSum([instance, part], data));
  }

  /** Returns the chunks of these parts. A missing one is damage. */
  range(instance: number, first: number, last: number): Uint8Array[] {
    const rows = this.#range.all(instance, first, last);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
      this.#data(rows[index], instance, first + index),
    );
  }

  /** Removes up to `limit` rows, and returns their number. */
  delete(instance: number, limit: number): number {
    return this.#delete.run(instance, limit);
  }

  verify(after: number, limit: number): number | undefined {
    const rows = this.#some.all(after, limit);
    for (const row of rows) this.#data(row, Number(row["instance"]), Number(row["part"]));
    const last = rows.at(-1);
    return last === undefined ? undefined : Number(last["id"]);
  }

  #data(row: Row | undefined, instance: number, part: number): Uint8Array {
    const data = row?.["data"];
    const isSound =
      row?.["part"] === part && data instanceof Uint8Array && rowSum([instance, part], data) === row["sum"];
    if (isSound) return data;
    const place = { file: this.#file, table: "solid", row: `${instance}/${part}` };
    const found = row === undefined ? "no row where one was written" : "a row whose checksum does not match";
    throw archiveErrors.damaged({ place, found });
  }
}
