/** A service whose audit log was cut, removed or exchanged while it was down. */
import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, it } from "node:test";
import {
  auditService,
  CreateNamespaceRequest,
  namespaceService,
  SearchRecordsRequest,
} from "@tutti/contracts/governance/v1";
import { ServiceHost } from "@tutti/host";
import { errorFromUnknown, memorySources } from "@tutti/kernel";
import { eventually, until } from "@tutti/kernel/testing";
import { governance } from "../src/service.ts";

/** A data directory with two copies of its audit log: of about the second checkpoint, and of the end. */
class Scene implements AsyncDisposable {
  readonly folder: string;
  readonly data: string;
  readonly book: string;
  readonly args: string[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.data = join(folder, "data");
    this.book = join(this.data, "audit", "book.sqlite");
  }

  static async open(...args: string[]): Promise<Scene> {
    const scene = new Scene(await mkdtemp(join(tmpdir(), "tutti-tampered-")));
    scene.args.push(...args.map((arg) => arg.replace("FOLDER", scene.folder)));
    await scene.run((host) => act(host, "shop"));
    await cp(join(scene.data, "audit"), join(scene.folder, "older"), { recursive: true });
    await scene.run((host) => act(host, "yard"));
    return scene;
  }

  /** Returns a copy of the installation: to make one takes two starts of the service. */
  async copy(): Promise<Scene> {
    const scene = new Scene(await mkdtemp(join(tmpdir(), "tutti-tampered-")));
    await cp(this.folder, scene.folder, { recursive: true });
    return scene;
  }

  async run<Result>(work: (host: ServiceHost) => Promise<Result>, ...args: string[]): Promise<Result> {
    const flags = ["--mesh.transport=in-process", "--operations.port=0", "--log.level=fatal"];
    const host = await ServiceHost.open({
      ...{ name: "tampered", version: "0.1.0", services: [governance], dataDirectory: () => this.data },
      sources: memorySources({ arguments: [...flags, ...this.args, ...args] }),
    });
    await host.start();
    try {
      return await work(host);
    } finally {
      await host.stop();
    }
  }

  /** Returns the error of a search, or, if it succeeds, the health, which is read periodically. */
  verdict(): Promise<string> {
    return this.run(async (host) => {
      try {
        await act(host, "late");
      } catch (error) {
        return errorFromUnknown(error).code;
      }
      const health = async () => JSON.stringify(await host.health());
      return until("the audit to be unhealthy", health, (text) => text.includes("the audit log"));
    });
  }

  change(sql: string): void {
    const database = new DatabaseSync(this.book);
    database.exec(sql);
    database.close();
  }

  last(): number {
    const database = new DatabaseSync(this.book, { readOnly: true });
    const last = Number(database.prepare("SELECT max(number) AS last FROM checkpoint").get()?.["last"]);
    database.close();
    return last;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** Causes a record under a checkpoint. */
async function act({ mesh }: ServiceHost, name: string): Promise<number> {
  await mesh
    .client(namespaceService)
    .createNamespace(CreateNamespaceRequest.fromPartial({ resource: { name } }))
    .catch(() => {});
  const request = SearchRecordsRequest.fromPartial({ namespace: name });
  return (await mesh.client(auditService).searchRecords(request)).records.length;
}

const removeEnd = `DELETE FROM block WHERE leaf >= (SELECT tree_size FROM checkpoint ORDER BY number DESC LIMIT 1 OFFSET 1);
  DELETE FROM head WHERE leaf >= (SELECT tree_size FROM checkpoint ORDER BY number DESC LIMIT 1 OFFSET 1);
  DELETE FROM checkpoint WHERE number = (SELECT max(number) FROM checkpoint)`;

const table: Readonly<Record<string, { change(scene: Scene): Promise<void> | void; code: RegExp }>> = {
  "without its folder": {
    change: ({ data }) => rm(join(data, "audit"), { recursive: true }),
    code: /^audit\.book_missing$/,
  },
  "with an empty file": { change: ({ book }) => writeFile(book, ""), code: /^audit\.book_cut$/ },
  "without its end": { change: (scene) => scene.change(removeEnd), code: /^audit\.book_cut$/ },
  "of an older copy": {
    change: ({ data, folder }) =>
      cp(join(folder, "older"), join(data, "audit"), { recursive: true, force: true }),
    code: /^audit\.book_cut$/,
  },
  "of another installation": {
    async change({ data }) {
      await using other = await Scene.open();
      await cp(other.book, join(data, "audit", "book.sqlite"));
    },
    code: /^audit\.key_changed$/,
  },
  "without a row": {
    change: (scene) => scene.change("DELETE FROM block WHERE leaf = (SELECT min(leaf) FROM block)"),
    code: /the audit log is not complete: governance.\d+.\d+: records? 1/,
  },
};

describe("a service with an audit log", () => {
  let original: Scene;
  before(async () => {
    original = await Scene.open();
  });
  after(() => original[Symbol.asyncDispose]());

  for (const [title, { change, code }] of Object.entries(table))
    it(`${title} reports the problem`, async () => {
      await using scene = await original.copy();
      await change(scene);
      assert.match(await scene.verdict(), code);
    });

  it("starts a new audit log only when the operator gives up the last checkpoint of the previous one", async () => {
    await using scene = await original.copy();
    const last = scene.last();
    await rm(join(scene.data, "audit"), { recursive: true });
    const abandonFlag = (number: number) => `--audit.giveUpCheckpoint=${number}`;
    const isMissing = { code: "audit.book_missing" };
    await assert.rejects(
      scene.run((host) => act(host, "late"), abandonFlag(last - 1)),
      isMissing,
    );
    assert.ok((await scene.run((host) => act(host, "late"), abandonFlag(last))) > 0);
    // The give-up applies once: the next missing book is an error again.
    await rm(join(scene.data, "audit"), { recursive: true });
    await assert.rejects(
      scene.run((host) => act(host, "late"), abandonFlag(last)),
      isMissing,
    );
  });

  it("creates no checkpoint for an anchor alone", async () => {
    await using scene = await original.copy();
    const numbers = await scene.run(async (host) => {
      const { checkpoint } = await host.mesh.client(auditService).getCheckpoint({ number: 0 });
      for (let round = 0; round < 3; round++)
        await host.mesh.client(auditService).searchRecords(SearchRecordsRequest.create());
      const later = await host.mesh.client(auditService).getCheckpoint({ number: 0 });
      return [checkpoint?.number ?? 0, later.checkpoint?.number ?? 0];
    });
    assert.ok((numbers[1] ?? 0) - (numbers[0] ?? 0) <= 1, String(numbers));
  });

  it("is compared with an anchor outside, so that journal and log cut together show", async () => {
    await using scene = await Scene.open(
      "--audit.anchor=file:FOLDER/anchor.jsonl",
      "--audit.checkpointEveryMs=1000",
    );
    const backup = join(scene.folder, "kept");
    await cp(scene.data, backup, { recursive: true });
    await scene.run(async (host) => {
      await act(host, "mill");
      const isAnchored = async () => {
        const { readFile } = await import("node:fs/promises");
        const lines = (await readFile(join(scene.folder, "anchor.jsonl"), "utf8")).trimEnd().split("\n");
        const { checkpoint } = await host.mesh.client(auditService).getCheckpoint({ number: 0 });
        assert.equal(JSON.parse(lines.at(-1) ?? "").number, checkpoint?.number);
      };
      await eventually(isAnchored, () => true);
    });
    // The whole data directory is in its earlier state: nothing in it shows later checkpoints.
    await rm(scene.data, { recursive: true });
    await cp(backup, scene.data, { recursive: true });
    assert.equal(await scene.verdict(), "audit.book_cut");
  });
});
