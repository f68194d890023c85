/**
 * Push notifications: configurations are runs that the gateway starts, and the tasks of these runs are done here.
 *
 * 1. URL, token and credentials are sealed wherever they are kept. Errors and logs do not name them.
 * 2. An observation is recorded before it is posted, so a repeated post sends the same body under the same id.
 * 3. A client gets each state that a task rests in at least once. States that a task passes while a notification is on
 *    its way are left out.
 */
import { secretService } from "@tutti/contracts/governance/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import * as workflow from "@tutti/contracts/workflow/v1";
import { outgoingErrors, statusOfCall, urlProblem } from "@tutti/host/outgoing";
import { jsonIn, type ServiceAgent, type Work } from "@tutti/host/service-agent";
import { type CallContext, errorFromUnknown, type Foundation, jsonPayload, sleep } from "@tutti/kernel";
import type { Mesh } from "@tutti/mesh";
import { QuestionPolling } from "../../calls/related-questions.ts";
import type { CallsFor } from "../../calls/request-context.ts";
import { RouteCalls } from "../../calls/route-calls.ts";
import { gatewayErrors } from "../../errors.ts";
import { A2aError, invalid } from "../protocol.ts";
import { questionOf, taskRun } from "../task-reads.ts";
import { observed } from "./push-change.ts";
import {
  configNotFound,
  configOf,
  configsMax,
  headersOf,
  isSameConfig,
  type PushConfig,
  textOf,
} from "./push-config.ts";
import { PushKeys } from "./push-keys.ts";
import {
  isObserve,
  isPost,
  pushCapabilities,
  pushDefinition,
  pushLabels,
  pushRunId,
  pushService,
  pushWorkflow,
} from "./push-runs.ts";
import { contentId, keyVersionOf, type SealedFor, seal, unseal } from "./push-sealing.ts";

export interface PushNotificationsParts {
  readonly foundation: Foundation;
  readonly mesh: Mesh;
  readonly agent: ServiceAgent;
  readonly arePrivateAllowed: boolean;
}

/** The task of a configuration. */
interface OfTask {
  readonly namespace: string;
  readonly taskId: string;
}

interface Found {
  readonly run: workflow.Run;
  readonly config: PushConfig;
}

const followMs = 3_600_000;
const waitMs = 60_000;
const checkIntervalMs = 1_000;
const postMs = 20_000;
const listedMax = 1_000;
/** Times that a configuration may be deleted and made again within the retention of its runs. */
const roundsMax = 100;
const retentionMs = 24 * 3_600_000;
/** HTTP statuses of temporary failures. */
const passing = [408, 425, 429];
const { WORK_STATUS_PENDING, WORK_STATUS_RUNNING, WORK_STATUS_PAUSED } = WorkStatus;
const liveStatuses = [WORK_STATUS_PENDING, WORK_STATUS_RUNNING, WORK_STATUS_PAUSED];
/** A cancelled run is a deleted configuration. */
const cancelledStatuses: readonly WorkStatus[] = [
  WorkStatus.WORK_STATUS_CANCELLED,
  WorkStatus.WORK_STATUS_CANCELLING,
  WorkStatus.WORK_STATUS_TERMINATED,
];
const isCancelled = ({ status }: workflow.Run): boolean => cancelledStatuses.includes(status);

export class PushNotifications {
  readonly #parts: PushNotificationsParts;
  readonly #calls: RouteCalls;
  readonly #keys: PushKeys;
  readonly #definitions;
  readonly #runs;

  constructor(parts: PushNotificationsParts) {
    this.#parts = parts;
    const { mesh, foundation, agent } = parts;
    this.#calls = new RouteCalls(mesh);
    this.#keys = new PushKeys({ secrets: mesh.client(secretService), foundation });
    this.#definitions = mesh.client(workflow.definitionService);
    this.#runs = mesh.client(workflow.runService);
    agent.register(pushCapabilities.observe, { work: (work) => this.#observe(work), isTask: isObserve });
    agent.register(pushCapabilities.post, { work: (work) => this.#post(work), isTask: isPost });
  }

  /** The problem of a URL of a client, if it has one. Its name is resolved again for each call. */
  urlProblem(url: string): string | undefined {
    return urlProblem(url, this.#parts.arePrivateAllowed);
  }

  /** Starts the notifications. The same configuration again changes nothing. */
  async create(of: OfTask, requested: PushConfig, signal: AbortSignal): Promise<PushConfig> {
    const context = this.#parts.agent.context(of.namespace, signal);
    const key = await this.#keys.current(context);
    const config =
      requested.id === "" ? { ...requested, id: contentId(textOf(requested), of.taskId, key) } : requested;
    const before = await this.list(of, signal);
    const same = before.find(({ id }) => id === config.id);
    if (same !== undefined && isSameConfig(same, config)) return config;
    if (same !== undefined) throw otherConfig();
    if (before.length >= configsMax)
      throw invalid("taskId", `task ${of.taskId} has ${configsMax} push notification configurations`);
    const { definition } = await this.#definitions.registerDefinition(registration(of.namespace), {
      context,
    });
    for (let round = 0; round < roundsMax; round++) {
      const place = { namespace: of.namespace, runId: pushRunId(of.taskId, config.id, round) };
      const spec = specOf(of, config.id, definition?.hash ?? "", seal(textOf(config), place, key));
      const run = await this.#started(place, spec, signal);
      if (run !== undefined) return config;
    }
    throw otherConfig();
  }

  /** Returns the configurations that were not deleted. A configuration stays for a day after the end of its task. */
  async list(of: OfTask, signal: AbortSignal): Promise<readonly PushConfig[]> {
    return (await this.#found(of, signal)).map(({ config }) => config);
  }

  async get(of: OfTask, id: string, signal: AbortSignal): Promise<PushConfig> {
    const found = (await this.list(of, signal)).find((config) => config.id === id);
    if (found === undefined) throw configNotFound(of.taskId, id);
    return found;
  }

  async remove(of: OfTask, id: string, signal: AbortSignal): Promise<void> {
    const context = this.#parts.agent.context(of.namespace, signal);
    for (const { run } of (await this.#found(of, signal)).filter(({ config }) => config.id === id)) {
      const { runId } = run;
      const reason = "the push notification configuration was deleted";
      const request = { namespace: of.namespace, runId, reason };
      if (run.endTime !== undefined) await this.#runs.deleteRun(request, { context });
      else await this.#runs.cancelRun(workflow.CancelRunRequest.fromPartial(request), { context });
    }
  }

  /** Whether a namespace has notifications that may come. */
  async isNeeded(namespace: string, context: CallContext): Promise<boolean> {
    const filter = {
      definitions: [pushWorkflow],
      labels: { exists: [pushLabels.task] },
      statuses: liveStatuses,
    };
    const request = workflow.ListRunsRequest.fromPartial({ namespace, filter, page: { size: 1 } });
    return (await this.#runs.listRuns(request, { context })).runs.length > 0;
  }

  async #started({ namespace, runId }: SealedFor, spec: workflow.RunSpec, signal: AbortSignal) {
    const { agent } = this.#parts;
    try {
      const { run } = await agent.startRun({ namespace, runId }, spec, { signal });
      return run === undefined || isCancelled(run) ? undefined : run;
    } catch (thrown) {
      if (errorFromUnknown(thrown).status !== "ALREADY_EXISTS") throw thrown;
      const context = agent.context(namespace, signal);
      const request = workflow.GetRunRequest.fromPartial({ namespace, runId });
      const { run } = await this.#runs.getRun(request, { context });
      if (run !== undefined && isCancelled(run)) return undefined;
      throw otherConfig();
    }
  }

  async #found({ namespace, taskId }: OfTask, signal: AbortSignal): Promise<readonly Found[]> {
    const { agent } = this.#parts;
    const context = agent.context(namespace, signal);
    const filter = { labels: { equals: { [pushLabels.task]: taskId } }, definitions: [pushWorkflow] };
    const request = workflow.ListRunsRequest.fromPartial({ namespace, filter, page: { size: listedMax } });
    const { runs } = await this.#runs.listRuns(request, { context });
    const found: Found[] = [];
    for (const { runId } of runs.filter((run) => agent.isOwn(run) && !isCancelled(run)).toReversed()) {
      // Listed runs have no payloads.
      const { run } = await this.#runs.getRun(workflow.GetRunRequest.fromPartial({ namespace, runId }), {
        context,
      });
      if (run !== undefined && !isCancelled(run))
        found.push({ run, config: (await this.#opened(run, context)).config });
    }
    return found;
  }

  /** The input of a run. */
  async #opened(run: workflow.Run, context: CallContext): Promise<{ taskId: string; config: PushConfig }> {
    const { namespace, runId } = run;
    const input = jsonIn(run.spec?.input) as
      | { readonly task?: unknown; readonly sealed?: unknown }
      | undefined;
    const sealed = String(input?.sealed);
    const version = keyVersionOf(sealed);
    const key = version === undefined ? undefined : await this.#keys.version(version, context);
    const text = key && unseal(sealed, { namespace, runId }, key);
    if (text === undefined) throw gatewayErrors.pushUnreadable({ runId });
    return { taskId: String(input?.task), config: configOf(text) };
  }

  /** Follows a task until it differs from the last report. */
  async #observe({ namespace, run, input, context }: Work): Promise<unknown> {
    const { timers, clock } = this.#parts.foundation;
    const { taskId } = await this.#opened(run, context);
    const caller = callerOf(context);
    const untilMs = clock.monotonic() + followMs;
    let task = await taskRun(this.#calls, caller, namespace, taskId, undefined).catch((thrown: unknown) => {
      if (thrown instanceof A2aError && thrown.reason === "TASK_NOT_FOUND") return undefined;
      throw thrown;
    });
    const before = typeof input === "string" ? input : "";
    const polling = new QuestionPolling(clock);
    for (;;) {
      // Its run was deleted.
      if (task === undefined) return { changed: false, ended: true, shown: before, body: null };
      const found = observed(task, await questionOf(this.#calls, caller, namespace, task, polling), before);
      const remainingMs = untilMs - clock.monotonic();
      if (found.changed || found.ended || remainingMs <= 0) return found;
      await sleep(timers, checkIntervalMs, context.signal);
      const query = {
        namespace,
        waitMs: String(Math.ceil(Math.min(polling.nextMs(task, waitMs), remainingMs))),
        afterEvent: String(task.eventCount ?? 0),
      };
      task = await this.#calls.call("runs.result", caller, { params: { id: taskId }, query });
    }
  }

  async #post({ runId, taskId, run, input, context }: Work): Promise<unknown> {
    const { foundation, arePrivateAllowed } = this.#parts;
    const { config } = await this.#opened(run, context);
    const late = new AbortController();
    const timer = foundation.timers.after(postMs, () => late.abort(new Error("timeout")));
    try {
      const status = await statusOfCall({
        method: "POST",
        url: config.url,
        body: JSON.stringify(input),
        arePrivateAllowed,
        headers: headersOf(config, `${runId}-${/\d+/.exec(taskId)?.[0] ?? ""}`),
        signal: AbortSignal.any([late.signal, context.signal]),
      });
      if (status >= 200 && status < 300) return { status };
      const isPassing = status >= 500 || passing.includes(status);
      throw isPassing
        ? gatewayErrors.pushFailed({ reason: `status ${status}` })
        : gatewayErrors.pushRefused({ status });
    } catch (thrown) {
      throw withoutUrl(thrown);
    } finally {
      timer.cancel();
    }
  }
}

/** Errors of outgoing calls name the URL, which may be a secret. */
function withoutUrl(thrown: unknown): Error {
  if (outgoingErrors.refused.is(thrown)) return gatewayErrors.pushUrlRefused();
  if (!outgoingErrors.failed.is(thrown)) return errorFromUnknown(thrown);
  const [code = "no answer"] = /\bE[A-Z]{4,}\b|\btimeout\b/.exec(errorFromUnknown(thrown).message) ?? [];
  return gatewayErrors.pushFailed({ reason: code });
}

const otherConfig = (): A2aError =>
  invalid("id", "another push notification configuration of the task has this id: delete it first");

function specOf({ taskId }: OfTask, configId: string, hash: string, sealed: string): workflow.RunSpec {
  return workflow.RunSpec.fromPartial({
    what: { $case: "definition", value: { name: pushWorkflow, version: { $case: "hash", value: hash } } },
    input: jsonPayload({ task: taskId, sealed }),
    labels: { [pushLabels.task]: taskId, [pushLabels.config]: configId },
    pool: pushService,
    retentionMs,
  });
}

function registration(namespace: string) {
  const format = workflow.SourceFormat.SOURCE_FORMAT_JSON;
  const source = { format, text: pushDefinition, fileName: `${pushWorkflow}.json` };
  return workflow.RegisterDefinitionRequest.fromPartial({ namespace, source });
}

const callerOf = (context: CallContext): CallsFor => ({
  ...context,
  stopping: context.signal,
  atLeast: (ms) => Math.max(30_000, ms + 15_000),
});
