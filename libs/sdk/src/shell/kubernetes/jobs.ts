/**
 * Containers as tasks of a cluster. Each task is a Job with one pod.
 *
 * 1. The Job is deleted when the task ends or is cancelled. Jobs of a killed worker are deleted with its pod, or by the
 *    next process of that host. Otherwise their deadline ends them and their time to live removes them.
 * 2. Variables and files are in a Secret that belongs to the Job. The Job is suspended until the Secret is there.
 * 3. The cluster never repeats a Job. The retries of the task decide.
 */
import { randomUUID } from "node:crypto";
import { sleep, systemTimers } from "@tutti/kernel";
import { deadline } from "../../adapters/http/wire.ts";
import type { TaskContext } from "../../task/context.ts";
import type { Handler } from "../../task/handlers.ts";
import { StoredFile } from "../../task/stored-file.ts";
import { TailBuffer } from "../command.ts";
import {
  type ContainerInput,
  type ContainerOptions,
  type ContainerOutput,
  checkedInput,
  type KubernetesOptions,
} from "../container-input.ts";
import { cpusOf, killedCode, machine, memoryOf } from "../engine.ts";
import { exitFailure, shellErrors, tailOf } from "../errors.ts";
import { isAlive } from "../scratch.ts";
import { ClusterApi, linesOf, Refusal } from "./api.ts";
import { outputsCommand, outputsContainer, readOutputs } from "./outputs.ts";
import { type Job, type Pod, type Progress, progressOf } from "./progress.ts";

const life = randomUUID();
const labelsOfWorker = {
  "app.kubernetes.io/managed-by": "tutti",
  "tutti.dev/machine": machine,
  "tutti.dev/process": String(process.pid),
  "tutti.dev/life": life,
};
const secretBytesMax = 1_000_000;
const removeMs = 30_000;
const logRetryMs = 300;
const logEndMs = 10_000;
/** The worker ends a task at its timeout. If there is no worker, the cluster ends it this much later. */
const deadlineSlackMs = 60_000;
/** The pod of a Job has no standard input, so a shell redirects a file to the command and becomes the command. */
const stdinPath = "/tutti-stdin";
const withStdin = `exec "$@" < ${stdinPath}`;
const pulls = { always: "Always", missing: "IfNotPresent", never: "Never" } as const;

export function kubernetesJobs(
  options: ContainerOptions,
  kubernetes: KubernetesOptions,
): Handler<ContainerInput, ContainerOutput> {
  const api = new ClusterApi(kubernetes);
  let swept: Promise<void> | undefined;
  return async (input, task) => {
    const checked = checkedInput(input, options);
    const expected = (subject: string) =>
      shellErrors.inputInvalid({ expected: `${subject} in a Job of Kubernetes` });
    if (isSet(checked.stdin) && (checked.command ?? []).length === 0)
      throw expected("`command` beside `stdin`");
    if (checked.outputs !== undefined && (checked.ok ?? [0]).some((code) => code !== 0))
      throw expected("only 0 in `ok` when `outputs` is set");
    const running = new RunningJob(checked, options, kubernetes, api, task);
    try {
      // If the cluster is unreachable, the sweep is repeated with the next task.
      swept ??= sweep(api).catch(() => {
        swept = undefined;
      });
      await swept;
      return await running.run();
    } catch (error) {
      task.signal.throwIfAborted();
      throw error instanceof Refusal ? notStarted(checked, error.message) : error;
    } finally {
      await running.remove();
    }
  };
}

function isSet(stdin: string | undefined): stdin is string {
  return stdin !== undefined && stdin !== "";
}

function notStarted({ image }: ContainerInput, reason: string): Error {
  return shellErrors.containerNotStarted({ image, reason });
}

class RunningJob {
  readonly #input: ContainerInput;
  readonly #options: ContainerOptions;
  readonly #kubernetes: KubernetesOptions;
  readonly #api: ClusterApi;
  readonly #task: TaskContext;
  readonly #name = `tutti-${randomUUID()}`;
  readonly #tail: TailBuffer;
  /** Ends the watches. */
  readonly #over = new AbortController();
  #namespace = "";
  #pod = "";

  constructor(
    input: ContainerInput,
    options: ContainerOptions,
    kubernetes: KubernetesOptions,
    api: ClusterApi,
    task: TaskContext,
  ) {
    this.#input = input;
    this.#options = options;
    this.#kubernetes = kubernetes;
    this.#api = api;
    this.#task = task;
    this.#tail = new TailBuffer(options.keptBytes ?? 65_536);
  }

  async run(): Promise<ContainerOutput> {
    const { signal } = this.#task;
    this.#namespace = await this.#api.namespace();
    const data = await this.#secretData();
    const job = (await this.#api.call("POST", this.#jobs(), signal, this.#job(data))) as Job;
    if (Object.keys(data).length > 0) {
      const { uid } = job.metadata;
      const owner = { apiVersion: "batch/v1", kind: "Job", name: this.#name, uid };
      const metadata = { name: this.#name, labels: labelsOfWorker, ownerReferences: [owner] };
      await this.#api.call("POST", `/api/v1/namespaces/${this.#namespace}/secrets`, signal, {
        apiVersion: "v1",
        kind: "Secret",
        metadata,
        data,
      });
      await this.#api.call("PATCH", `${this.#jobs()}/${this.#name}`, signal, { spec: { suspend: false } });
    }
    const output = this.#output(await this.#waitForEnd());
    if (this.#input.outputs === undefined) return output;
    return { ...output, files: await readOutputs(this.#api, this.#log(this.#pod), this.#task) };
  }

  /** Deletes the Job, also when the task is cancelled. The cluster removes pod and Secret with it. */
  async remove(): Promise<void> {
    this.#over.abort();
    if (this.#namespace === "") return;
    await removed(this.#api, `${this.#jobs()}/${this.#name}`).catch(() => {});
  }

  #jobs(): string {
    return `/apis/batch/v1/namespaces/${this.#namespace}/jobs`;
  }

  #log(pod: string): string {
    return `/api/v1/namespaces/${this.#namespace}/pods/${pod}/log`;
  }

  async #secretData(): Promise<Readonly<Record<string, string>>> {
    const data: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.#input.env ?? {})) data[`env-${name}`] = base64(value);
    const { stdin } = this.#input;
    if (isSet(stdin)) data["stdin"] = base64(stdin);
    let bytes = Object.values(data).join("").length;
    const expected = `at most ${secretBytesMax} bytes of \`env\`, \`stdin\` and \`files\` in a Job`;
    if (bytes > secretBytesMax) throw shellErrors.inputInvalid({ expected });
    for (const [index, content] of Object.values(this.#input.files ?? {}).entries()) {
      const known = await this.#task.content(content);
      const text = () => (typeof known === "string" ? known : JSON.stringify(known));
      const file = known instanceof StoredFile ? known : Buffer.from(text());
      bytes += file instanceof StoredFile ? file.size : file.length;
      if (bytes > secretBytesMax) throw shellErrors.inputInvalid({ expected });
      const all = file instanceof StoredFile ? Buffer.from(await file.bytes()) : file;
      data[`file-${index}`] = all.toString("base64");
    }
    return data;
  }

  #job(data: Readonly<Record<string, string>>): object {
    const { deadlineMs = 86_400_000, keepMs = 600_000, pod = podHere() } = this.#kubernetes;
    const labels = { ...labelsOfWorker, "tutti.dev/job": this.#name, "tutti.dev/network": this.#network() };
    const lastMs = Math.min(this.#task.remainingMs + deadlineSlackMs, deadlineMs);
    const owner = pod && { apiVersion: "v1", kind: "Pod", name: pod.name, uid: pod.uid };
    return {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name: this.#name,
        labels,
        ...(owner && { ownerReferences: [owner] }),
        annotations: { "tutti.dev/task": this.#task.caller },
      },
      spec: {
        backoffLimit: 0,
        suspend: Object.keys(data).length > 0,
        activeDeadlineSeconds: seconds(lastMs),
        ttlSecondsAfterFinished: seconds(keepMs),
        template: { metadata: { labels }, spec: this.#podSpec() },
      },
    };
  }

  #podSpec(): object {
    const { image, command, cwd, env = {}, files = {}, stdin, outputs } = this.#input;
    const limits = {
      memory: String(memoryOf(this.#input, this.#options)),
      cpu: String(cpusOf(this.#input, this.#options)),
    };
    const variables = Object.keys(env).map((name) => ({
      name,
      valueFrom: { secretKeyRef: { name: this.#name, key: `env-${name}` } },
    }));
    const mounts = Object.keys(files).map((mountPath, index) => ({
      name: "files",
      mountPath,
      subPath: `file-${index}`,
      readOnly: true,
    }));
    if (isSet(stdin)) mounts.push({ name: "files", mountPath: stdinPath, subPath: "stdin", readOnly: true });
    const secret = { name: "files", secret: { secretName: this.#name } };
    const bounds = {
      imagePullPolicy: pulls[this.#options.pull ?? "missing"],
      resources: { limits, requests: limits },
      securityContext: {
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
      },
    };
    const written = outputs === undefined ? [] : [{ name: "outputs", mountPath: outputs }];
    const task = {
      name: "task",
      image,
      env: variables,
      ...bounds,
      ...(isSet(stdin) && { command: ["/bin/sh", "-c", withStdin, "sh"] }),
      ...(command !== undefined && command.length > 0 && { args: command.map(literal) }),
      ...(cwd !== undefined && { workingDir: cwd }),
      volumeMounts: [{ name: "tmp", mountPath: "/tmp" }, ...mounts, ...written],
    };
    // The cluster starts this container when the task has ended with 0.
    const reader = {
      name: outputsContainer,
      image: this.#kubernetes.outputsImage ?? image,
      ...bounds,
      command: outputsCommand(outputs ?? "").map(literal),
      volumeMounts: written.map((mount) => ({ ...mount, readOnly: true })),
    };
    return {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: seconds(this.#options.graceMs ?? 5_000),
      ...(outputs === undefined ? { containers: [task] } : { initContainers: [task], containers: [reader] }),
      volumes: [
        { name: "tmp", emptyDir: {} },
        ...(outputs === undefined ? [] : [{ name: "outputs", emptyDir: {} }]),
        ...(mounts.length > 0 ? [secret] : []),
      ],
    };
  }

  #network(): string {
    return this.#input.network ? (this.#options.network ?? "none") : "none";
  }

  async #waitForEnd(): Promise<Progress> {
    const { signal } = this.#task;
    const over = AbortSignal.any([signal, this.#over.signal]);
    const end = Promise.withResolvers<Progress>();
    let pod: Pod | undefined;
    let job: Job | "unknown" | undefined = "unknown";
    let log: Promise<void> | undefined;
    let hasEnded = false;
    const check = () => {
      if (job === "unknown") return;
      const progress = progressOf(job, pod, this.#input.outputs !== undefined);
      this.#pod = pod?.metadata.name ?? this.#pod;
      if (pod !== undefined && ["running", "exited"].includes(progress.at))
        log ??= this.#followLog(pod.metadata.name, over, () => hasEnded);
      if (progress.at === "waiting" || progress.at === "running") return;
      hasEnded = true;
      end.resolve(progress);
    };
    const selector = `labelSelector=${encodeURIComponent(`tutti.dev/job=${this.#name}`)}`;
    const watches = [
      this.#api.watch<Job>(this.#jobs(), selector, over, (found) => {
        job = found;
        check();
      }),
      this.#api.watch<Pod>(`/api/v1/namespaces/${this.#namespace}/pods`, selector, over, (found) => {
        pod = found;
        check();
      }),
    ];
    for (const each of watches) each.catch(end.reject);
    signal.addEventListener("abort", () => end.reject(signal.reason), { once: true });
    const progress = await end.promise;
    // The log of a deleted pod never ends.
    await Promise.race([log, sleep(systemTimers, logEndMs, over).catch(() => {})]);
    return progress;
  }

  /** Follows the log. Continues after a broken connection with the line after the last read line. */
  async #followLog(pod: string, signal: AbortSignal, hasEnded: () => boolean): Promise<void> {
    const path = `${this.#log(pod)}?container=task&follow=true&timestamps=true`;
    let last = "";
    for (let isLast = false; !isLast && !signal.aborted; ) {
      isLast = hasEnded();
      try {
        const since = last === "" ? "" : `&sinceTime=${encodeURIComponent(last)}`;
        for await (const line of linesOf(await this.#api.open("GET", path + since, signal))) {
          const space = line.indexOf(" ");
          const time = line.slice(0, space);
          if (time <= last) continue;
          last = time;
          const text = Buffer.from(line.slice(space + 1));
          this.#tail.add(text);
          await this.#task.output(text, { channel: "stdout" });
        }
        isLast ||= hasEnded();
      } catch {
        // The log is read again.
      }
      if (!isLast) await sleep(systemTimers, logRetryMs, signal).catch(() => {});
    }
  }

  #output(end: Progress): ContainerOutput {
    const { image, ok = [0], final = [] } = this.#input;
    const program = this.#input.command?.[0] ?? image;
    const { text } = this.#tail;
    if (end.at === "exited") {
      const { code, isKilled } = end;
      if (!isKilled && ok.includes(code))
        return {
          exitCode: code,
          stdout: text,
          stderr: "",
          truncated: this.#tail.isTruncated,
          image: end.image,
          files: {},
        };
      if (isKilled || code === killedCode) throw shellErrors.outOfMemory({ image });
      throw exitFailure({ program, code, stderr: text, final });
    }
    const reason = "reason" in end ? end.reason : "";
    if (end.at === "unread") throw shellErrors.outputsUnread({ reason });
    if (end.at === "missing") throw shellErrors.notStarted({ program, reason });
    if (end.at === "notStarted") throw notStarted(this.#input, reason);
    throw shellErrors.exited({ program, how: reason, stderr: tailOf(text) });
  }
}

/** Deletes Jobs of processes of this host that have ended. A restarted pod has the same host and often the same pid. */
async function sweep(api: ClusterApi): Promise<void> {
  const jobs = `/apis/batch/v1/namespaces/${await api.namespace()}/jobs`;
  const selector = encodeURIComponent(`app.kubernetes.io/managed-by=tutti,tutti.dev/machine=${machine}`);
  const { items } = (await inTime((signal) =>
    api.call("GET", `${jobs}?labelSelector=${selector}`, signal),
  )) as { readonly items: readonly Job[] };
  for (const { metadata } of items) {
    const { "tutti.dev/process": pid, "tutti.dev/life": of } = metadata.labels ?? {};
    const isOwn = pid === String(process.pid);
    if (isOwn ? of !== life : !isAlive(Number(pid))) await removed(api, `${jobs}/${metadata.name}`);
  }
}

async function inTime<Result>(request: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const { signal, cancel } = deadline(systemTimers, removeMs);
  try {
    return await request(signal);
  } finally {
    cancel();
  }
}

async function removed(api: ClusterApi, job: string): Promise<void> {
  const body = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Background" };
  for (let attempt = 1; ; attempt++) {
    try {
      await inTime((signal) => api.call("DELETE", job, signal, body));
      return;
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return;
      if (attempt === 3) throw error;
      await sleep(systemTimers, logRetryMs * attempt);
    }
  }
}

function podHere(): KubernetesOptions["pod"] {
  const { POD_NAME: name = "", POD_UID: uid = "" } = process.env;
  return name === "" || uid === "" ? undefined : { name, uid };
}

/** Escapes `$`, because Kubernetes replaces `$(NAME)`. */
function literal(text: string): string {
  return text.replaceAll("$", "$$$$");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function seconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}
