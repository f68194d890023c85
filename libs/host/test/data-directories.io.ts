import assert from "node:assert/strict";
import { cp, mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { crc32, fileDisk, openSegments, roomForNextSegment } from "@tutti/journal";
import { plainSearch } from "@tutti/journal/testing";
import { seededChance } from "@tutti/kernel/testing";
import { balance } from "@tutti/machine-bank";
import { ImportedData } from "../src/storage/cluster/import-data.ts";
import { type DataCommand, runDataCommand } from "../src/storage/index.ts";
import { examine } from "../src/storage/inspection/doctor.ts";
import type { Finding } from "../src/storage/inspection/finding.ts";
import { accountKey, BankProcess, createFolder, type Folder, until } from "./storage.fixture.ts";

const log = join("journal", "000000000001.log");
const blockBytes = 4_096;

/** Returns the text of the only finding of that kind: the problem and the remedy. */
function textOf(findings: readonly Finding[], code: string): string {
  const found = findings.filter((finding) => finding.code === code);
  assert.equal(found.length, 1, JSON.stringify(findings));
  return `${found[0]?.level}: ${found[0]?.text} ${found[0]?.advice}`;
}

async function patch(file: string, at: number, change: (bytes: Buffer) => void, length = 1): Promise<void> {
  const handle = await open(file, "r+");
  try {
    const bytes = Buffer.alloc(length);
    await handle.read(bytes, 0, length, at);
    change(bytes);
    await handle.write(bytes, 0, length, at);
  } finally {
    await handle.close();
  }
}

const flip = (bytes: Buffer): void => {
  bytes[0] = (bytes[0] ?? 0) ^ 4;
};

/** Returns the place of the last data in a file. */
async function lastWritten(file: string): Promise<number> {
  const bytes = await readFile(file);
  let at = bytes.length - 1;
  while (bytes[at] === 0) at--;
  return at;
}

describe("the findings about a data directory", () => {
  let folder: Folder;
  let copies = 0;
  /** A copy of a directory that was stopped gracefully, of one that was killed, and of the same at a later time. */
  const stopped = () => copyOf("stopped");
  const killed = () => copyOf("killed");
  const later = () => copyOf("later");

  async function copyOf(name: string): Promise<string> {
    const copy = join(folder.path, `copy-${++copies}`);
    await cp(join(folder.path, name), copy, { recursive: true });
    return copy;
  }

  before(async () => {
    folder = await createFolder();
    const at = (name: string) => join(folder.path, name);
    const flags = ["--durable.limits.indexEveryMs=5", "--durable.limits.tailBytesMax=1"];
    const bank = await BankProcess.start(at("live"), flags);
    for (const id of ["anna", "ben", "clara"]) await bank.openAccount(id, 100);
    await until(async () => (await bank.storage.archive.search(plainSearch)).entries.length === 3);
    await cp(at("live"), at("killed"), { recursive: true });
    await bank.host.stop();
    await cp(at("live"), at("stopped"), { recursive: true });
    const restarted = await BankProcess.start(at("live"), flags);
    for (let count = 0; count < 50; count++) await restarted.deposit("anna", 1);
    await until(() => covers(at("live"), 30));
    await restarted.host.stop();
    await cp(at("live"), at("later"), { recursive: true });
  });
  after(() => folder?.[Symbol.asyncDispose]());

  it("it is absent, empty, or not a data directory", async () => {
    const nowhere = join(folder.path, "nowhere");
    assert.equal(
      textOf(await examine(nowhere), "absent"),
      `notice: There is nothing at ${nowhere}. Nothing to do: the first start of the platform creates it.`,
    );
    await mkdir(join(folder.path, "bare"));
    assert.match(textOf(await examine(join(folder.path, "bare")), "empty"), /bare is empty\. Nothing to do/);
    const file = join(folder.path, "stopped", "data.json");
    assert.match(
      textOf(await examine(file), "not-a-directory"),
      /^problem: .*data\.json is a file\. Name the/,
    );
    await mkdir(join(folder.path, "clustered", "cluster"), { recursive: true });
    assert.match(
      textOf(await examine(join(folder.path, "clustered")), "cluster"),
      /^notice: .*has the data of a cluster, and none of `tutti dev`\. Nothing to do/,
    );
    await mkdir(join(folder.path, "photos"));
    await writeFile(join(folder.path, "photos", "a.jpg"), "");
    assert.match(
      textOf(await examine(join(folder.path, "photos")), "not-data"),
      /photos is not a data directory: it contains a\.jpg and no files of Tutti\. Name the right one: --data-directory DIR/,
    );
  });

  it("it is sound", async () => {
    const findings = await examine(await stopped(), { partitions: 16 });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["journal-sound", "archive-sound"],
    );
    assert.match(textOf(findings, "journal-sound"), /is sound: [\d,]+ batches, 16 partitions, 1 segment/);
    assert.match(textOf(findings, "archive-sound"), /is sound: 3 live and 0 ended entries/);
  });

  it("a cluster has imported it, and no process starts there or copies it", async () => {
    const directory = await stopped();
    const data = await ImportedData.open(directory);
    await assert.rejects(ImportedData.open(directory), { code: "host.in_use" });
    data.handOver("/clusters/one");
    data.close();
    const findings = await examine(directory, { partitions: 16 });
    assert.deepEqual(
      findings.map(({ code }) => code),
      ["handed-over", "journal-sound", "archive-sound"],
    );
    assert.match(
      textOf(findings, "handed-over"),
      /^notice: The cluster in \/clusters\/one took over the data of .* use that cluster, tutti cluster up --directory/,
    );
    await assert.rejects(BankProcess.start(directory), {
      message: /Use that cluster .*, or remove .*handed-over\.json if it never ran and never will\.$/,
    });
    const to = join(folder.path, "not-copied");
    const { output, exitCode } = await runDataCommand(
      "backup",
      ["--data-directory", directory, "--copy", to],
      () => ({ directory, partitions: 16 }),
    );
    assert.equal(exitCode, 1);
    assert.match(output, /was imported into the cluster in \/clusters\/one/);
    await rm(join(directory, "handed-over.json"));
    await using bank = await BankProcess.start(directory);
    assert.equal(await bank.deposit("ben", 1), 101);
  });

  it("a second cluster that waits for the first import cannot import it", async () => {
    const directory = await stopped();
    const first = await ImportedData.open(directory);
    // Requested while the first still has it.
    const second = ImportedData.open(directory);
    first.handOver("/clusters/one");
    first.close();
    await assert.rejects(second, { code: "host.handed_over" });
  });

  it("a cluster cannot import it if it is foreign, from a newer release, damaged, or in use", async () => {
    const refused = (directory: string, code: string, message: RegExp) =>
      assert.rejects(ImportedData.open(directory), { code, message });
    await refused(
      join(folder.path, "photos"),
      "host.nothing_to_copy",
      /is not a data directory\. Set the right directory/,
    );
    const newer = await stopped();
    const about = JSON.parse(await readFile(join(newer, "data.json"), "utf8"));
    await writeFile(join(newer, "data.json"), JSON.stringify({ ...about, format: 3, release: "9.0.0" }));
    await refused(newer, "host.data_newer", /has format 3 of release 9\.0\.0, .*\. Use that release/);
    const damaged = await later();
    await patch(join(damaged, log), 2 * blockBytes, flip);
    await refused(
      damaged,
      "host.import_damaged",
      /The journal is damaged at .*\. Run tutti doctor --data-directory/,
    );
    const busy = await stopped();
    await using _bank = await BankProcess.start(busy);
    await refused(
      busy,
      "host.in_use",
      new RegExp(`Process ${process.pid} uses the data directory .* since 20.*\\. Stop that process`),
    );
  });

  it("this user lacks permission, with the owner of the file", async () => {
    const directory = await stopped();
    const mayUse = async (path: string) => {
      if (path.endsWith(".log")) throw new Error("EACCES: permission denied");
    };
    assert.match(
      textOf(await examine(directory, { mayUse }), "no-permission"),
      /000001\.log cannot be read and written by this user, it belongs to the user with the number \d+: EACCES: permission denied\. Run as the user/,
    );
  });

  it("its disk is full, or almost", async () => {
    const directory = await stopped();
    const with_ = (mebibytes: number) =>
      examine(directory, { freeBytesAt: async () => mebibytes * 1_048_576 });
    assert.match(
      textOf(await with_(3), "disk-full"),
      /^problem: .* has 3 MiB left, and the next segment of the journal needs \d+ MiB: nothing more can be written/,
    );
    assert.match(
      textOf(await with_(99), "disk-almost-full"),
      /^notice: .* has 99 MiB left\. Free some space/,
    );
  });

  it("its disk has less space than the next segment of the journal needs, exact to the byte", async () => {
    const directory = await stopped();
    const journal = join(directory, "journal");
    const newest = (await readdir(journal))
      .filter((name) => name.endsWith(".log"))
      .sort()
      .at(-1);
    // A segment has twice the size of the one before, and the same space again is for archives and the audit.
    const needed = (await stat(join(journal, newest ?? ""))).size * 4;
    const codes = async (freeBytes: number) =>
      (await examine(directory, { freeBytesAt: async () => freeBytes })).map(({ code }) => code);
    assert.ok((await codes(needed - 1)).includes("disk-full"));
    assert.ok(!(await codes(needed)).includes("disk-full"));
    // The same limit as the journal's own.
    const disk = fileDisk(journal, "read");
    assert.equal(roomForNextSegment(disk), needed);
    await writeFile(join(journal, "prepared.new"), "");
    assert.ok(!(await codes(1)).includes("disk-full"), "the next segment is made already");
  });

  it("a living process has it, and which", async () => {
    const directory = await stopped();
    await using _bank = await BankProcess.start(directory);
    const text = textOf(await examine(directory), "held");
    assert.match(
      text,
      new RegExp(`^notice: The process ${process.pid} \\(.*node.*\\) has used ${directory} since 20`),
    );
    assert.match(text, /The files were not checked\. To check them, back up/);
  });

  it("a process was killed that had it", async () => {
    const directory = await killed();
    assert.match(
      textOf(await examine(directory), "left-behind"),
      new RegExp(
        `^notice: The process ${process.pid}, which used ${directory} since .* did not stop gracefully\\. ` +
          "Nothing to do: the lock is free",
      ),
    );
    // The check changed nothing.
    assert.match(textOf(await examine(directory), "left-behind"), /did not stop gracefully/);
  });

  it("the last group is only half there", async () => {
    const directory = await killed();
    // The archive does not contain a group that was never whole.
    await rm(join(directory, "archive"), { recursive: true });
    const at = await lastWritten(join(directory, log));
    await patch(join(directory, log), at, flip);
    const findings = await examine(directory);
    const text = textOf(findings, "torn-tail");
    assert.match(text, /^notice: The last group, in 000000000001\.log at byte \d+, is incomplete/);
    assert.match(text, /the group was not acknowledged, and the next start cuts it off\.$/);
    assert.ok(findings.every(({ level }) => level !== "problem"));
  });

  it("a record is damaged, with its position", async () => {
    const directory = await stopped();
    await patch(join(directory, log), blockBytes + 300, flip);
    assert.match(
      textOf(await examine(directory), "journal-damaged"),
      /^problem: .*: The journal is damaged at 000000000001\.log, byte \d+.*: .*\. Stop the process, move this directory aside, restore a backup/,
    );
  });

  it("the archive is damaged, with the position", async () => {
    const directory = await later();
    const database = new DatabaseSync(join(directory, "archive", "bank", "archive.db"));
    database.exec("UPDATE standing SET covered = covered + 1");
    database.close();
    assert.match(
      textOf(await examine(directory), "archive-damaged"),
      /^problem: .*: The archive is damaged at .*archive\.db, table standing, row \d+: .* Stop the process/,
    );
  });

  it("archive and journal do not join", async () => {
    const ahead = await stopped();
    await rm(join(ahead, "archive"), { recursive: true });
    await cp(join(folder.path, "later", "archive"), join(ahead, "archive"), { recursive: true });
    assert.match(
      textOf(await examine(ahead), "not-joined"),
      /^problem: Of partition \d+ of bank the archive ends with batch \d+ and the journal ends with batch \d+: they are from different times\. The same is so for \d+ other partitions\. Stop/,
    );
    // Each seal of a start would extend the journal, until it seems to join.
    for (const _ of [1, 2, 3])
      await assert.rejects((await BankProcess.open(ahead)).host.start(), {
        code: "lifecycle.start_failed",
        message:
          /of bank do not join: an archive up to batch \d+ and a journal up to batch \d+\. Restore a backup/,
      });
    const missing = await stopped();
    await rm(join(missing, "archive"), { recursive: true });
    // Another service starts another segment. Without the first one the beginning is gone.
    const services = [
      { service: "bank", partitions: 16 },
      { service: "other", partitions: 1 },
    ];
    const { journal } = await openSegments(join(missing, "journal"), { services, chance: seededChance(1) });
    await journal.close();
    await rm(join(missing, log));
    const findings = await examine(missing);
    assert.match(
      findings.find(({ code }) => code === "not-joined")?.text ?? "",
      /^Of partition 0 of bank the archive ends with batch 0 and the journal starts with batch \d+: the batches between them are missing\. The same/,
    );
  });

  it("its number of partitions differs from the configuration", async () => {
    assert.match(
      textOf(await examine(await stopped(), { partitions: 8 }), "partitions-differ"),
      /^problem: The data directory .* has 16 partitions, and the configuration has 8\. Set ownership\.partitions to 16\.$/,
    );
  });

  it("a newer release created it, or wrote its journal or archive", async () => {
    const directory = await stopped();
    const about = join(directory, "data.json");
    const stored = JSON.parse(await readFile(about, "utf8"));
    await writeFile(about, JSON.stringify({ ...stored, format: 3, release: "9.0.0" }));
    assert.match(
      textOf(await examine(directory), "newer-release"),
      /format 3 of release 9\.0\.0, and this release reads format 2\. Use/,
    );

    const journal = await stopped();
    const newer = (header: Buffer) => {
      header.writeUInt32LE(2, 8);
      header.writeUInt32LE(crc32(header, 8), 4);
    };
    await patch(join(journal, log), 0, newer, blockBytes);
    assert.match(
      textOf(await examine(journal), "newer-release"),
      /0+1\.log has format 2, and this release reads format 1\. .*Use the release/,
    );

    const archive = await later();
    const database = new DatabaseSync(join(archive, "archive", "bank", "archive.db"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    assert.match(
      textOf(await examine(archive), "newer-release"),
      /archive\.db has format 99, .* Use the release/,
    );
  });

  it("it is an unfinished copy, or its description is damaged", async () => {
    const directory = await stopped();
    await writeFile(join(directory, "data.json"), "scribble");
    assert.match(
      textOf(await examine(directory), "about-unreadable"),
      /Replace it with the file of a backup by the same release/,
    );
    await rm(join(directory, "data.json"));
    assert.match(textOf(await examine(directory), "unfinished-copy"), /Otherwise keep the directory/);
  });
});

describe("the commands", () => {
  const run = (command: DataCommand, ...args: string[]) =>
    runDataCommand(command, args, () => ({ directory: "./.tutti", partitions: 16 }));

  it("exit with 0 if no action is needed, 1 if one is, 2 for wrong arguments, 3 while the directory is in use", async () => {
    await using folder = await createFolder();
    const data = join(folder.path, "data");
    {
      await using bank = await BankProcess.start(data);
      await bank.openAccount("anna", 1);
      const locked = await run("verify", "--data-directory", data);
      assert.equal(locked.exitCode, 3);
      assert.match(
        locked.output,
        /A process has .* and writes to it\.\n +Copy it and verify the copy: tutti data backup/,
      );
      assert.equal((await run("doctor", "--data-directory", data)).exitCode, 3);
    }
    const sound = await run("verify", "--data-directory", data);
    assert.equal(sound.exitCode, 0);
    assert.match(sound.output, /^ok +The journal in .* is sound: .*\nok? ?.*\n?Nothing to do\.\n$/s);
    const wrong = await run("backup", "--data-directory", data);
    assert.deepEqual(wrong, {
      exitCode: 2,
      output:
        "expected --copy DIR\nusage: tutti data backup [--data-directory DIR] --copy DIR [--passphrase-file FILE] [--keys-elsewhere] [--json]\n",
    });
    for (const command of ["verify", "backup", "restore", "doctor"] as const) {
      const { exitCode, output } = await run(command, "--help");
      assert.equal(exitCode, 0);
      assert.match(
        output,
        new RegExp(`^\\S.*\\n\\nusage: .*${command} [\\s\\S]*--data-directory DIR +the data directory`),
      );
    }
    assert.equal((await run("doctor", "--dta", data)).exitCode, 2);
    await patch(join(data, log), blockBytes + 300, flip);
    const damaged = await run("doctor", "--data-directory", data, "--json");
    assert.equal(damaged.exitCode, 1);
    const { findings, directory, exitCode } = JSON.parse(damaged.output);
    assert.deepEqual([directory, exitCode], [data, 1]);
    assert.ok(findings.some(({ code }: Finding) => code === "journal-damaged"));
    assert.match(
      (await run("doctor", "--data-directory", data)).output,
      /^PROBLEM .*1 problem: see above what to do\.\n$/s,
    );
  });

  it("copy an unused directory, and reject an invalid target", async () => {
    await using folder = await createFolder();
    const [data, to] = [join(folder.path, "data"), join(folder.path, "copy")];
    await using bank = await BankProcess.start(data);
    await bank.openAccount("anna", 7);
    await bank.host.stop();
    const copied = await run("backup", "--data-directory", data, "--copy", to);
    assert.equal(copied.exitCode, 0, copied.output);
    assert.match(copied.output, /was copied to .*copy, while no process had it\.\nok +The journal in .*copy/);
    await using restored = await BankProcess.start(to);
    assert.equal(await restored.deposit("anna", 1), 8);
    const repeated = await run("backup", "--data-directory", data, "--copy", to);
    assert.match(
      repeated.output,
      /^PROBLEM .*The copy cannot be made: .*copy is not empty\.\n +Use an empty directory/,
    );
    const within = await run("backup", "--data-directory", data, "--copy", join(data, "copy"));
    assert.match(within.output, /copy is inside .*data\.\n +Use an empty directory/);
    const nothing = await run(
      "backup",
      "--data-directory",
      join(folder.path, "nowhere"),
      "--copy",
      join(folder.path, "x"),
    );
    assert.match(nothing.output, /There is nothing to copy in .*nowhere/);
    // A restore that wrote nothing has no files to remove.
    const [absent, used] = [join(folder.path, "none"), data];
    for (const [copy, directory] of [
      [absent, join(folder.path, "x")],
      [to, used],
    ] as const) {
      const refused = await run("restore", "--copy", copy, "--data-directory", directory);
      assert.equal(refused.exitCode, 1);
      assert.doesNotMatch(refused.output, /Remove them/);
    }
  });

  it("copy a directory under load, with everything acknowledged before", async () => {
    await using folder = await createFolder();
    const [data, to] = [join(folder.path, "data"), join(folder.path, "copy")];
    const flags = [
      ...["--durable.limits.indexEveryMs=5", "--durable.limits.tailBytesMax=1"],
      "--durable.limits.idleMs=20",
    ];
    const ids = Array.from({ length: 40 }, (_, number) => `account-${number}`);
    const acknowledged = new Map<string, number>();
    let isOver = false;
    {
      await using bank = await BankProcess.start(data, flags);
      await Promise.all(ids.map((id) => bank.openAccount(id, 0)));
      const load = ids.map(async (id) => {
        while (!isOver) acknowledged.set(id, await bank.deposit(id, 1));
      });
      await until(async () => [...acknowledged.values()].every((count) => count > 20));
      const before_ = new Map(acknowledged);
      const copied = await run("backup", "--data-directory", data, "--copy", to);
      assert.equal(copied.exitCode, 0, copied.output);
      assert.match(copied.output, /by the process that has it and continues to run\./);
      const then = new Map(acknowledged);
      await until(async () => ids.every((id) => (acknowledged.get(id) ?? 0) > (then.get(id) ?? 0)));
      isOver = true;
      await Promise.all(load);
      await using restored = await BankProcess.start(to, flags);
      for (const id of ids) {
        const question = { key: accountKey(id), query: balance, body: undefined };
        const { balanceCents } = await restored.storage.runtime.query(question);
        assert.ok(balanceCents >= (before_.get(id) ?? 0), `${id}: ${balanceCents} of ${before_.get(id)}`);
        assert.ok(balanceCents <= (acknowledged.get(id) ?? 0));
      }
    }
    assert.deepEqual(
      (await readdir(to)).sort().filter((name) => !name.startsWith("lock")),
      ["archive", "blobs", "data.json", "journal", "made"],
    );
  });
});

/** Returns whether the archive contains more than `batches` batches of any partition. */
async function covers(directory: string, batches: number): Promise<boolean> {
  const database = new DatabaseSync(join(directory, "archive", "bank", "archive.db"), { readOnly: true });
  try {
    const row = database.prepare("SELECT max(covered) AS covered FROM standing").get();
    return Number(row?.["covered"] ?? 0) > batches;
  } finally {
    database.close();
  }
}
