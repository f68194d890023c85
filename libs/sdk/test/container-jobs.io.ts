/** Containers as Jobs, against a small server with the API of Kubernetes. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { type ContainerInput, type ContainerOutput, container } from "@tutti/sdk/shell";
import { SmallCluster } from "./support/small-cluster.ts";

// biome-ignore lint/suspicious/noExplicitAny: objects of the API are as free as there.
type Json = any;

const image = "registry.example.com/box:1";

describe("containers as Jobs of Kubernetes", () => {
  let cluster: SmallCluster;
  before(async () => {
    cluster = await SmallCluster.start();
  });
  after(() => cluster.close());
  afterEach(() => {
    cluster.refuse = () => undefined;
    cluster.log.length = 0;
    assert.deepEqual(
      Object.values(cluster.objects).map(({ size }) => size),
      [0, 0, 0],
      "nothing is left",
    );
  });

  function run(input: Partial<ContainerInput>, more: object = {}) {
    const output: string[] = [];
    const cancelling = new AbortController();
    const task = {
      ...{ signal: cancelling.signal, remainingMs: 60_000, caller: "run r, task t" },
      content: async (value: unknown) => value,
      output: async (chunk: Buffer) => void output.push(chunk.toString()),
      store: async (bytes: Buffer) => bytes.toString("latin1"),
    };
    const handler = container({ kubernetes: { ...cluster.options, ...more }, memoryBytes: 1_000 });
    const ended = handler({ image, ...input }, task as never) as Promise<ContainerOutput>;
    ended.catch(() => {});
    return { ended, output, cancelling };
  }
  const exited = (exitCode: number, reason = "Error") => ({ terminated: { exitCode, reason } });

  it("have limits, variables and files, and return their log", async () => {
    let started: { spec: { template: { spec: object } } } | undefined;
    cluster.onJob = (job) => {
      started = job;
      const [secret] = cluster.objects.secrets.values();
      assert.deepEqual(secret.data, { "env-KEY": "djE=", "file-0": "aGVsbG8=" });
      assert.equal(secret.metadata.ownerReferences[0].uid, job.metadata.uid);
      cluster.pod(job, { running: {} });
    };
    const input = { command: ["sh", "$(HOME)"], env: { KEY: "v1" }, files: { "/in/a": "hello" }, cwd: "/w" };
    const { ended, output } = run(input, { pod: { name: "worker-0", uid: "u" } });
    await until("the log", () => cluster.requests.includes("GET pods/log"));
    cluster.write("one");
    await until("one line", () => output.length === 1);
    // Watches and log continue, and each line arrives once.
    cluster.disconnectAll();
    cluster.write("two");
    await until("the other line", () => output.length === 2);
    await until(
      "the watches again",
      () => cluster.requests.filter((each) => each.endsWith("pods watch")).length > 1,
    );
    cluster.pod(started, exited(0, "Completed"));
    const { stdout, exitCode, image: ran } = await ended;
    assert.deepEqual([stdout, exitCode, ran], ["one\ntwo\n", 0, "img@sha256:1"]);
    const { spec, metadata } = started as unknown as {
      spec: Record<string, never>;
      metadata: Record<string, never>;
    };
    assert.equal((metadata["ownerReferences"] as { uid: string }[] | undefined)?.[0]?.uid, "u");
    const { backoffLimit, activeDeadlineSeconds, ttlSecondsAfterFinished } = spec;
    assert.deepEqual([backoffLimit, activeDeadlineSeconds, ttlSecondsAfterFinished], [0, 120, 600]);
    const pod = started?.spec.template.spec as { containers: object[] } | undefined;
    assert.deepEqual(pod?.containers, [
      {
        name: "task",
        image,
        imagePullPolicy: "IfNotPresent",
        workingDir: "/w",
        args: ["sh", "$$(HOME)"],
        env: [{ name: "KEY", valueFrom: { secretKeyRef: { name: nameOf(started), key: "env-KEY" } } }],
        resources: { limits: { memory: "1000", cpu: "1" }, requests: { memory: "1000", cpu: "1" } },
        securityContext: {
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [
          { name: "tmp", mountPath: "/tmp" },
          { name: "files", mountPath: "/in/a", subPath: "file-0", readOnly: true },
        ],
      },
    ]);
  });

  it("get their stdin from a file of the Secret, by a shell that becomes the command", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stdin-"));
    const file = join(folder, "stdin");
    let commandLine: string[] = [];
    cluster.onJob = (job) => {
      const [{ command, args, volumeMounts }] = job.spec.template.spec.containers;
      const { mountPath, subPath } = volumeMounts.at(-1);
      const [secret] = cluster.objects.secrets.values();
      writeFileSync(file, Buffer.from(secret.data[subPath], "base64"));
      commandLine = [...command, ...args].map((arg: string) => arg.replace(mountPath, file));
      cluster.pod(job, exited(0, "Completed"));
    };
    await run({ command: ["sort", "-r"], stdin: "a\nb\n" }).ended;
    const [program = "", ...own] = commandLine;
    assert.equal(spawnSync(program, own).stdout.toString(), "b\na\n");
    rmSync(folder, { recursive: true });
  });

  /** Runs the container that reads `outputs` on a folder of this machine, as its pod would. */
  function readerOf(job: Json, folder: string): string {
    const [{ command, volumeMounts }] = job.spec.template.spec.containers;
    const commandLine = command.map((arg: string) => arg.replaceAll("$$", "$"));
    const [program, ...own] = commandLine.map((arg: string) =>
      arg === volumeMounts[0].mountPath ? folder : arg,
    );
    const { stdout, status, stderr } = spawnSync(program, own, { maxBuffer: 1e8 });
    assert.equal(status, 0, String(stderr));
    return stdout.toString();
  }

  describe("with outputs", () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "outputs-"));
    });
    after(() => rmSync(folder, { recursive: true }));
    const outputs = "/out";
    const done = exited(0, "Completed");

    it("return files of any name and content when the second container has written them to its log", async () => {
      const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const written = {
        "a.txt": Buffer.from("one\n"),
        "below/two words.bin": Buffer.concat(Array.from({ length: 64 }, () => all)),
        empty: Buffer.alloc(0),
        // Its encoding equals the keyword that starts a file.
        end: Buffer.from("file", "base64"),
      };
      mkdirSync(join(folder, "below"));
      for (const [name, bytes] of Object.entries(written)) writeFileSync(join(folder, name), bytes);
      symlinkSync("/etc/passwd", join(folder, "link"));
      cluster.onJob = (job) => {
        const { initContainers, volumes } = job.spec.template.spec;
        assert.deepEqual(initContainers[0].volumeMounts.at(-1), { name: "outputs", mountPath: outputs });
        assert.deepEqual(volumes[1], { name: "outputs", emptyDir: {} });
        cluster.pod(job, done, {}, { waiting: { reason: "PodInitializing" } });
        const log = readerOf(job, folder);
        // The first reader gets a part of it, and the second reader gets other content.
        cluster.outputs = [log.slice(0, -20), log.replace("b25l", "b25m"), log];
        cluster.pod(job, done, {}, done);
      };
      const { files, image: ran } = await run({ outputs, command: ["make"] }).ended;
      const found = Object.entries(files).map(([name, text]) => [name, Buffer.from(String(text), "latin1")]);
      assert.deepEqual(Object.fromEntries(found), written);
      assert.equal(ran, "img@sha256:1");
    });

    const unread: readonly [name: string, play: (job: never) => void, error: RegExp][] = [
      [
        "a log that stays cut",
        (job) => {
          cluster.outputs = ["file YQ== 00\n"];
          cluster.pod(job, done, {}, done);
        },
        /The files of `outputs` were not read: the log ended after 0 files/,
      ],
      [
        "a path that leads elsewhere",
        (job) => {
          cluster.outputs = [`file ${Buffer.from("../a").toString("base64")} 00\nend 1\n`];
          cluster.pod(job, done, {}, done);
        },
        /`\.\.\/a` is no path below it/,
      ],
      [
        "an image without a shell",
        (job) =>
          cluster.pod(
            job,
            done,
            {},
            { terminated: { exitCode: 128, reason: "StartError", message: "no sh" } },
          ),
        /were not read: StartError: no sh/,
      ],
      [
        "an image without base64",
        (job) => cluster.pod(job, done, {}, exited(1)),
        /were not read: its container ended with exit code 1/,
      ],
      [
        "files that are too large",
        (job) => {
          writeFileSync(join(folder, "large"), Buffer.alloc(4 * 1_048_576));
          cluster.outputs = [readerOf(job, folder)];
          cluster.pod(job, done, {}, done);
        },
        /have \d{7} bytes, more than the maximum of 4194304 for a Job/,
      ],
      ["a task that failed", (job) => cluster.pod(job, exited(3), {}, {}), /ended with exit code 3/],
    ];
    for (const [name, play, error] of unread)
      it(`fail with words for ${name}`, async () => {
        cluster.onJob = (job) => play(job as never);
        await assert.rejects(run({ outputs, command: ["make"] }).ended, error);
      });
  });

  const failures: readonly [name: string, play: (job: never) => void, error: RegExp][] = [
    ["an exit code", (job) => cluster.pod(job, exited(3)), /`id` ended with exit code 3: broken/],
    ["too much memory", (job) => cluster.pod(job, exited(137, "OOMKilled")), /needed more memory/],
    [
      "an absent image",
      (job) => cluster.pod(job, { waiting: { reason: "ImagePullBackOff", message: "not found" } }),
      /`registry.example.com\/box:1` did not start: ImagePullBackOff: not found/,
    ],
    [
      "an absent program",
      (job) => cluster.pod(job, { terminated: { exitCode: 128, reason: "StartError", message: "no id" } }),
      /`id` did not start: StartError: no id/,
    ],
    ["the deadline", (job) => cluster.failJob(job, "DeadlineExceeded"), /ended with the deadline of its Job/],
    [
      "an eviction",
      (job) => cluster.pod(job, {}, { phase: "Failed", reason: "Evicted", message: "disk" }),
      /ended with Evicted: disk/,
    ],
  ];
  for (const [name, play, error] of failures)
    it(`fail with words for ${name}`, async () => {
      cluster.log.push("broken");
      cluster.onJob = (job) => play(job as never);
      const { ended } = run({ command: ["id"] });
      await assert.rejects(ended, error);
    });

  it("fail with the reason of the cluster, and reject options that a Job does not support", async () => {
    cluster.refuse = (method) => (method === "POST" ? [403, "exceeded quota: gpus"] : undefined);
    await assert.rejects(run({}).ended, /did not start: exceeded quota: gpus/);
    await assert.rejects(run({ stdin: "x" }).ended, /expected `command` beside `stdin`/);
    const long = "x".repeat(1_000_000);
    await assert.rejects(run({ command: ["cat"], stdin: long }).ended, /at most 1000000 bytes/);
    await assert.rejects(run({ outputs: "/out", ok: [0, 1] }).ended, /only 0 in `ok` when `outputs` is set/);
    await assert.rejects(run({ files: { "/x": "x".repeat(1_000_001) } }).ended, /at most 1000000 bytes/);
  });

  it("are deleted with their pod when the task is cancelled", async () => {
    cluster.onJob = (job) => cluster.pod(job, { running: {} });
    const { ended, cancelling } = run({ command: ["sleep"] });
    await until("its pod", () => cluster.objects.pods.size === 1);
    cancelling.abort(new Error("cancelled"));
    await assert.rejects(ended, /^Error: cancelled/);
  });

  it("of a killed worker are deleted by the next process of its host", async () => {
    cluster.onJob = () => {};
    const killed = run({});
    await until("its Job", () => cluster.objects.jobs.size === 1);
    const [job] = cluster.objects.jobs.values();
    const orphan = (labels: object) => {
      const name = `tutti-${cluster.objects.jobs.size}`;
      const own = { "tutti.dev/job": name, ...labels };
      const metadata = { ...job.metadata, labels: { ...job.metadata.labels, ...own } };
      cluster.objects.jobs.set(name, { ...job, metadata: { ...metadata, name } });
    };
    orphan({ "tutti.dev/life": "earlier" });
    orphan({ "tutti.dev/process": "999999999" });
    orphan({ "tutti.dev/machine": "other" });
    const next = run({});
    await until(
      "its Job",
      () => [...cluster.objects.jobs.keys()].filter((name) => name.length > 10).length === 2,
    );
    assert.deepEqual(
      [...cluster.objects.jobs.keys()].filter((name) => name.length < 10),
      ["tutti-3"],
    );
    for (const each of [killed, next]) each.cancelling.abort(new Error("over"));
    await Promise.allSettled([killed.ended, next.ended]);
    cluster.objects.jobs.clear();
  });
});

function nameOf(job: unknown): string {
  return (job as { metadata: { name: string } }).metadata.name;
}
