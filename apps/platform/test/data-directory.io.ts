/** A used data directory: its permissions, the findings of a verification, and the content of a backup. */
import assert from "node:assert/strict";
import { cpSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import { blobService, type PutRequest } from "@tutti/contracts/blob/v1";
import {
  auditService,
  CreateNamespaceRequest,
  ExportRecordsRequest,
  namespaceService,
  PutSecretRequest,
  SearchRecordsRequest,
  secretService,
  UnsealSecretsRequest,
  VerifyAuditRequest,
} from "@tutti/contracts/governance/v1";
import {
  factService,
  ListMetricsRequest,
  metricService,
  QueryFactsRequest,
} from "@tutti/contracts/insight/v1";
import { ServiceHost } from "@tutti/host";
import { type DataCommand, runDataCommand } from "@tutti/host/storage";
import { memorySources, systemChance } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { ExportVerifier } from "@tutti/policy/audit";
import { receptionIn } from "@tutti/policy/secrets";
import { services } from "../src/service.ts";

const namespace = "shop";

async function started(directory: string): Promise<ServiceHost> {
  const flags = ["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--log.level=fatal"];
  const host = await ServiceHost.open({
    ...{ name: "platform", version: "0.1.0", services, dataDirectory: () => directory },
    sources: memorySources({ arguments: [...flags, `--platform.dataDirectory=${directory}`] }),
  });
  await host.start();
  return host;
}

const run = async (command: DataCommand, directory: string, ...args: string[]) => {
  const configured = () => ({ directory, partitions: undefined, services });
  const { output, exitCode } = await runDataCommand(
    command,
    ["--json", "--data-directory", directory, ...args],
    configured,
  );
  const findings = exitCode === 2 ? [] : JSON.parse(output).findings;
  return { output, exitCode, findings: findings as { code: string; level: string; text: string }[] };
};

async function* upload(text: string): AsyncGenerator<PutRequest> {
  yield { namespace, part: { $case: "header", value: { sha256: new Uint8Array(0), size: undefined } } };
  yield { namespace, part: { $case: "chunk", value: Buffer.from(text) } };
}

/** Uses every feature that stores data. Returns the secret of a sign-in. */
async function used(host: ServiceHost): Promise<string> {
  const { mesh, url } = host;
  const request = CreateNamespaceRequest.fromPartial({ resource: { name: namespace } });
  await mesh.client(namespaceService).createNamespace(request);
  await mesh.client(blobService).put(upload("a large input"));
  const value = Uint8Array.from(Buffer.from("open sesame"));
  await mesh
    .client(secretService)
    .putSecret(PutSecretRequest.fromPartial({ namespace, name: "till", value }));
  const link = (await (await fetch(`${url}/v1/sign-in/link`, { method: "POST" })).json()) as {
    readonly url: string;
  };
  const answer = await fetch(`${url}/sign-in${new URL(link.url).search}`, { redirect: "manual" });
  await searched(host);
  await mesh.client(metricService).listMetrics(ListMetricsRequest.create());
  await mesh
    .client(factService)
    .queryFacts(QueryFactsRequest.fromPartial({ sql: "SELECT count(*) FROM runs" }));
  return /^tutti-\d+=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "")?.[1] ?? "";
}

async function searched({ mesh }: ServiceHost): Promise<readonly string[]> {
  const query = SearchRecordsRequest.fromPartial({ namespace, oldestFirst: true });
  return (await mesh.client(auditService).searchRecords(query)).records.map(({ recordId }) => recordId);
}

async function unsealed({ mesh }: ServiceHost): Promise<string> {
  const { recipientKey, open } = receptionIn(namespace, systemChance);
  const work = { namespace, kind: "run", id: "run_1", task: "pay" };
  const request = UnsealSecretsRequest.fromPartial({ namespace, names: ["till"], recipientKey, work });
  const { values } = await mesh.client(secretService).unsealSecrets(request);
  return Buffer.from(values.map((sealed) => open(sealed) ?? assert.fail("it opens"))[0] ?? []).toString();
}

async function principalOf({ url }: ServiceHost, secret: string): Promise<string> {
  const cookie = `tutti-${new URL(url).port}=${secret}`;
  const answer = await fetch(`${url}/v1/whoami`, { headers: { cookie, "sec-fetch-site": "same-origin" } });
  const { by = "" } = (await answer.json()) as { readonly by?: string };
  return `${answer.status} ${by}`;
}

async function auditFaults({ mesh }: ServiceHost): Promise<readonly unknown[]> {
  const faults: unknown[] = [];
  for await (const reply of mesh.client(auditService).verifyAudit(VerifyAuditRequest.create()))
    faults.push(...reply.faults);
  const { keys } = await mesh.client(auditService).listSigningKeys({});
  const verifier = new ExportVerifier(keys[0]?.publicKey ?? new Uint8Array(0));
  for await (const { chunk } of mesh
    .client(auditService)
    .exportRecords(ExportRecordsRequest.fromPartial({ namespace })))
    verifier.bytes(chunk);
  return [...faults, ...verifier.finish().faults];
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

/** Files that each start or their users recreate without loss. */
const ignoredFiles = /^(lock|lock\.json|door\.json|demonstration.*|blobs\/through\/.*|insight\/.*)$/;

describe("a used data directory", () => {
  let folder = "";
  let data = "";
  let secret = "";
  const passphrase = () => join(folder, "passphrase");

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-data-directory-"));
    data = join(folder, "data");
    writeFileSync(passphrase(), "a passphrase of the copy\n");
    const host = await started(data);
    secret = await used(host);
    await until("the bundle to be kept", () => filesIn(data).includes("access/bundle"));
    await host.stop();
  });
  after(() => rm(folder, { recursive: true }));

  it("is readable by its user alone, every file and folder of it", () => {
    const open = ["", ...readdirSync(data, { recursive: true }).map(String)].filter(
      (name) => (lstatSync(join(data, name)).mode & 0o077) !== 0,
    );
    assert.deepEqual(open, []);
  });

  it("is sound as it is, and each file that is flipped, cut or removed is named", async () => {
    const files = filesIn(data).filter((name) => !ignoredFiles.test(name));
    const sound = await run("verify", data);
    assert.equal(sound.exitCode, 0, sound.output);
    for (const kind of [
      "journal/",
      "archive/",
      "audit/",
      "keys/",
      "access/bundle",
      "gateway/",
      "data.json",
      "made",
    ])
      assert.ok(
        files.some((name) => name.startsWith(kind)),
        `${kind} is in ${files.join(" ")}`,
      );
    const unnamed: string[] = [];
    for (const name of files) {
      const file = join(data, name);
      const content = readFileSync(file);
      const last = content.findLastIndex((byte) => byte !== 0);
      // In the last group of a journal, a half-written group and a changed group are indistinguishable.
      const end = name.startsWith("journal/") ? Math.floor(last / 2) : last;
      const changes: Readonly<Record<string, () => void>> = {
        flipped: () =>
          writeFileSync(
            file,
            content.map((byte, at) => (at === end ? byte ^ 0x11 : byte)),
          ),
        cut: () => writeFileSync(file, content.subarray(0, Math.floor(end / 2))),
        removed: () => rmSync(file),
      };
      for (const [damage, change] of Object.entries(changes)) {
        // A blob without a mention may be swept at any time.
        if (damage === "removed" && name.startsWith("blobs/")) continue;
        change();
        const { findings } = await run("verify", data);
        const [place = ""] = name.split("/");
        const isNamed = findings.some(({ level, text }) => level !== "sound" && text.includes(place));
        if (!isNamed)
          unnamed.push(
            `${name} ${damage}: ${JSON.stringify(findings.filter(({ level }) => level !== "sound"))}`,
          );
        writeFileSync(file, content);
      }
    }
    assert.deepEqual(unnamed, []);
    assert.equal((await run("verify", data)).exitCode, 0);
  });

  it("names damaged files of insight, with a remedy", async () => {
    for (const name of ["series.sqlite", "facts.sqlite"]) {
      const file = join(data, "insight", name);
      const content = readFileSync(file);
      const flipped = content.map((byte, at) => (at === 10 ? byte ^ 0x11 : byte));
      for (const damaged of [flipped, content.subarray(0, content.length / 2)]) {
        writeFileSync(file, damaged);
        const { exitCode, findings } = await run("verify", data);
        const named = findings.filter(({ code }) => code === "insight-damaged");
        assert.deepEqual([exitCode, named.length], [1, 1]);
        assert.ok(named[0]?.text.includes(file));
      }
      writeFileSync(file, content);
    }
    assert.equal((await run("verify", data)).exitCode, 0);
  });

  it("names an audit log that was cut together with its checkpoint, and missing folders", async () => {
    const copy = join(folder, "cut");
    cpSync(data, copy, { recursive: true });
    const book = new DatabaseSync(join(copy, "audit", "book.sqlite"));
    const size = "(SELECT tree_size FROM checkpoint ORDER BY number DESC LIMIT 1 OFFSET 1)";
    book.exec(`DELETE FROM block WHERE leaf >= ${size}; DELETE FROM head WHERE leaf >= ${size};
      DELETE FROM checkpoint WHERE number = (SELECT max(number) FROM checkpoint)`);
    book.close();
    const verified = await run("verify", copy);
    assert.equal(verified.exitCode, 1);
    assert.match(verified.output, /ends with checkpoint \d+, and the journal has checkpoint \d+/);
    for (const removedPath of ["audit", "keys", "archive", "archive/governance", "journal"]) {
      rmSync(copy, { recursive: true });
      cpSync(data, copy, { recursive: true });
      rmSync(join(copy, removedPath), { recursive: true });
      const { exitCode, output } = await run("verify", copy);
      assert.equal(exitCode, 1, `${removedPath}: ${output}`);
      assert.ok(output.includes(join(copy, removedPath)), `${removedPath}: ${output}`);
    }
    rmSync(copy, { recursive: true });
  });

  it("is restored from a copy that was made during use: secrets, sign-ins and audit continue", async () => {
    const [copy, restored] = [join(folder, "copy"), join(folder, "restored")];
    const host = await started(data);
    const before = await searched(host);
    assert.equal((await run("backup", data, "--copy", copy)).exitCode, 2);
    const copied = await run("backup", data, "--copy", copy, "--passphrase-file", passphrase());
    assert.equal(copied.exitCode, 0, copied.output);
    assert.match(copied.output, /sealed under the passphrase/);
    await host.stop();
    assert.ok(!filesIn(copy).some((name) => name.startsWith("keys/")));
    assert.equal((await run("restore", restored, "--copy", copy)).exitCode, 1);
    const done = await run("restore", restored, "--copy", copy, "--passphrase-file", passphrase());
    assert.equal(done.exitCode, 0, done.output);
    const repeated = await run("restore", restored, "--copy", copy, "--passphrase-file", passphrase());
    assert.match(repeated.output, /is not empty\. Nothing in it was changed\. Choose another directory/);
    assert.doesNotMatch(repeated.output, /Remove/);
    // Only the restored directory remains in use.
    const backup = join(folder, "aside");
    cpSync(data, backup, { recursive: true });
    rmSync(data, { recursive: true });
    rmSync(copy, { recursive: true });
    const second = await started(restored);
    try {
      assert.equal(await unsealed(second), "open sesame");
      assert.equal(await principalOf(second, secret), "200 cookie");
      assert.deepEqual((await searched(second)).slice(0, before.length), before);
      assert.deepEqual(await auditFaults(second), []);
    } finally {
      await second.stop();
      cpSync(backup, data, { recursive: true });
    }
  });

  it("is copied without keys that are stored elsewhere, with a warning, and is not restored without them", async () => {
    const [copy, restored] = [join(folder, "named"), join(folder, "named-restored")];
    const copied = await run("backup", data, "--copy", copy, "--keys-elsewhere");
    assert.equal(copied.exitCode, 0, copied.output);
    assert.match(copied.output, /THE KEYS OF THE INSTALLATION ARE NOT IN THE COPY/);
    const refused = await run("restore", restored, "--copy", copy);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.output, /missing in .*\. Use an empty directory and the keys of the copy/);
  });
});
