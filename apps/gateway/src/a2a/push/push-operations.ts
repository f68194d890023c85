/**
 * The operations on push configurations. The server has read the task in the name of the caller, so the caller may read
 * it. A change needs the right to start a run.
 */

import { requireRight } from "@tutti/host";
import type { CallContext } from "@tutti/kernel";
import type { EdgeGuard } from "../../access/edge.ts";
import { type Json, textIn } from "../protocol.ts";
import type { PushAgent } from "./push-agent.ts";
import { publicConfig, pushConfigIn } from "./push-config.ts";
import type { PushNotifications } from "./push-notifications.ts";

export interface PushOperationsParts {
  readonly push: Pick<PushAgent, "notifications">;
  readonly guard: EdgeGuard | undefined;
}

export interface PushTarget {
  readonly context: Pick<CallContext, "principal" | "signal">;
  readonly namespace: string;
  readonly taskId: string;
}

const right = { action: "workflow.runs.start", resource: "run" };

export class PushOperations {
  readonly #parts: PushOperationsParts;

  constructor(parts: PushOperationsParts) {
    this.#parts = parts;
  }

  /** Throws if a configuration is invalid, before the task of a message is started. */
  async check(from: Json, prefix: string): Promise<void> {
    this.#configIn(await this.#parts.push.notifications(), from, prefix);
  }

  async create(request: PushTarget, from: Json, prefix = ""): Promise<Json> {
    this.#requireRight(request);
    const push = await this.#parts.push.notifications();
    const requested = this.#configIn(push, from, prefix);
    const created = await push.create(request, requested, request.context.signal);
    const { id, url, token, authentication } = created;
    return {
      id,
      taskId: request.taskId,
      url,
      ...(token !== "" && { token }),
      ...(authentication !== undefined && { authentication: { ...authentication } }),
    };
  }

  async get(request: PushTarget, params: Json): Promise<Json> {
    const push = await this.#parts.push.notifications();
    return publicConfig(
      await push.get(request, textIn(params, "id"), request.context.signal),
      request.taskId,
    );
  }

  async list(request: PushTarget): Promise<Json> {
    const push = await this.#parts.push.notifications();
    const configs = await push.list(request, request.context.signal);
    return { configs: configs.map((config) => publicConfig(config, request.taskId)), nextPageToken: "" };
  }

  async remove(request: PushTarget, params: Json): Promise<Json> {
    this.#requireRight(request);
    const push = await this.#parts.push.notifications();
    await push.remove(request, textIn(params, "id"), request.context.signal);
    return {};
  }

  #configIn(push: PushNotifications, from: Json, prefix: string) {
    return pushConfigIn(from, (url) => push.urlProblem(url), prefix);
  }

  #requireRight({ context: { principal }, namespace }: PushTarget): void {
    requireRight(this.#parts.guard, principal, right, namespace);
  }
}
