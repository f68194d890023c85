/** Raised with every change of the tables below. Older files are upgraded when they are opened. */
export const formatVersion = 1;

/**
 * The tables. An `id` of an instance is its partition and its incarnation in one number. `sum` is the checksum of the
 * row: of its numbers and its bytes.
 *
 * - `standing`: the progress of each partition's archive.
 * - `block`, `part`: the index. Lines are packed by the thousand, column by column. A change adds a new line, and marks
 *   the old one in the block's states.
 * - `instance`: running instances, and ended ones with more than a line in the index. It has the places of the newest
 *   line and of the history.
 * - `snapshot`: states, with their next timers.
 * - `packed`, `packed_place`: history, chunks of many instances to a row. Found by the place of each row's last record.
 * - `solid`: history of long lives, 64 events of one instance to a row.
 * - `removal`: instances whose history is being removed.
 */
export const schema = `
CREATE TABLE standing (
  partition INTEGER PRIMARY KEY, commits INTEGER NOT NULL, covered INTEGER NOT NULL, packed INTEGER NOT NULL,
  live INTEGER NOT NULL, ended INTEGER NOT NULL, version INTEGER NOT NULL, incarnation INTEGER NOT NULL,
  snapshot BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE block (
  id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, about BLOB NOT NULL, states BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE part (id INTEGER PRIMARY KEY, data BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE instance (
  id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, version INTEGER NOT NULL, stage INTEGER NOT NULL,
  batch INTEGER NOT NULL, place INTEGER NOT NULL, event INTEGER NOT NULL, key BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE INDEX instance_by_hash ON instance (hash);
CREATE TABLE snapshot (
  id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, due REAL NOT NULL, outstanding INTEGER NOT NULL,
  state BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE INDEX snapshot_by_due ON snapshot (partition, due, id) WHERE due > 0;
CREATE INDEX snapshot_by_outstanding ON snapshot (id) WHERE outstanding = 1;
CREATE TABLE packed (id INTEGER PRIMARY KEY, data BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE packed_place (
  partition INTEGER NOT NULL, batch INTEGER NOT NULL, place INTEGER NOT NULL, packed INTEGER NOT NULL,
  chunks INTEGER NOT NULL, gone INTEGER NOT NULL, sparse INTEGER NOT NULL, states BLOB NOT NULL, sum INTEGER NOT NULL,
  PRIMARY KEY (partition, batch, place)) WITHOUT ROWID;
CREATE INDEX packed_sparse ON packed_place (sparse) WHERE sparse = 1;
CREATE TABLE solid (
  id INTEGER PRIMARY KEY, instance INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE UNIQUE INDEX solid_by_part ON solid (instance, part);
CREATE TABLE removal (
  id INTEGER PRIMARY KEY, batch INTEGER NOT NULL, place INTEGER NOT NULL, event INTEGER NOT NULL, sum INTEGER NOT NULL);
`;

const incarnationsMax = 2 ** 40;

/** Returns a partition and an incarnation in one number. */
export function instanceId(partition: number, incarnation: number): number {
  return partition * incarnationsMax + incarnation;
}

export function incarnationOf(id: number): number {
  return id % incarnationsMax;
}

export function partitionOf(id: number): number {
  return Math.floor(id / incarnationsMax);
}
