/**
 * Copies the rows of one partition from the archive of a service into a separate file. Rows keep their checksums and
 * ids: nothing is decoded, folded or packed again.
 */
import { DatabaseSync } from "node:sqlite";
import { ArchiveDatabase } from "./database.ts";
import { partsMax } from "./index/block-parts.ts";
import { instanceId } from "./schema.ts";

/** The condition for the rows of the partition, by table. The ids of its instances are from `:from` to `:to`. */
const rows = {
  standing: "SELECT * FROM whole.standing WHERE partition = :partition",
  block: "SELECT * FROM whole.block WHERE partition = :partition",
  part: `SELECT part.* FROM whole.block JOIN whole.part AS part
         ON part.id >= block.id * ${partsMax} AND part.id < (block.id + 1) * ${partsMax}
         WHERE block.partition = :partition`,
  instance: "SELECT * FROM whole.instance WHERE id >= :from AND id < :to",
  snapshot: "SELECT * FROM whole.snapshot WHERE id >= :from AND id < :to",
  packed:
    "SELECT * FROM whole.packed WHERE id IN (SELECT packed FROM whole.packed_place WHERE partition = :partition)",
  packed_place: "SELECT * FROM whole.packed_place WHERE partition = :partition",
  solid: "SELECT * FROM whole.solid WHERE instance >= :from AND instance < :to",
  removal: "SELECT * FROM whole.removal WHERE id >= :from AND id < :to",
} as const;

/**
 * Returns whether the partition has any data.
 *
 * @param to a file that does not exist yet
 */
export function splitArchive(source: string, partition: number, to: string): boolean {
  // Creates the tables, after the settings that SQLite needs first.
  new ArchiveDatabase(to, "write").close();
  const database = new DatabaseSync(to);
  try {
    database.prepare("ATTACH DATABASE ? AS whole").run(source);
    const named = { partition, from: instanceId(partition, 0), to: instanceId(partition + 1, 0) };
    database.exec("BEGIN IMMEDIATE");
    for (const [table, select] of Object.entries(rows)) {
      const statement = database.prepare(`INSERT INTO main.${table} ${select}`);
      statement.setAllowUnknownNamedParameters(true);
      statement.run(named);
    }
    database.exec("COMMIT");
    database.exec("PRAGMA main.wal_checkpoint(TRUNCATE)");
    return database.prepare("SELECT 1 FROM main.standing").get() !== undefined;
  } finally {
    database.close();
  }
}
