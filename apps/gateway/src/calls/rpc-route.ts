/** A route that an rpc answers: the request of HTTP as its request, its reply as the answer. */
import type { CallContext } from "@tutti/kernel";
import { type CallOptions, isHeavy } from "@tutti/mesh";
import type { Json, Mapping, Message, RoutePlan } from "@tutti/rest/json";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FollowedReplies, Realtime } from "../realtime/realtime.ts";
import type { Called } from "./contracts.ts";
import type { CallsFor, RequestContext } from "./request-context.ts";

export interface RpcRoute {
  readonly plan: RoutePlan;
  readonly mapping: Mapping;
  readonly called: Called;
}

export interface Answer {
  readonly status: number;
  /** Undefined for a response without a body. */
  readonly body: Json | undefined;
  /** Writing the body takes milliseconds. */
  readonly isHeavy?: boolean;
}

export async function answered(route: RpcRoute, message: Message, context: CallsFor): Promise<Answer> {
  const { plan, mapping, called } = route;
  const options = optionsOf(route, message, context);
  const reply = plan.route.gathered
    ? await gathered(called, message, options)
    : await called.unary(message, options);
  const heavy = isHeavy(reply);
  const body = mapping.reply(plan, reply, heavy);
  if (body === undefined) return { status: 204, body };
  return { status: reply["existed"] === false ? 201 : 200, body, isHeavy: heavy };
}

/** Requests the replies of a stream as events. */
export async function followed(
  route: RpcRoute,
  message: Message,
  context: RequestContext,
  { realtime, request, reply }: { realtime: Realtime; request: FastifyRequest; reply: FastifyReply },
): Promise<void> {
  const { plan, mapping, called } = route;
  const hasSnapshot = mapping.has(plan.rpc.reply, "live");
  const open: FollowedReplies["open"] = async function* ({ cursor, signal }) {
    const from = cursor === "" ? message : { ...message, cursor };
    const followedBy: CallContext = { ...partsOf(context), signal };
    for await (const item of called.many(from, { context: followedBy, signal }))
      yield mapping.reply(plan, item) ?? {};
  };
  await realtime.followReplies(request, reply, { hasSnapshot, open });
}

export function optionsOf(
  { plan }: Pick<RpcRoute, "plan">,
  message: Message,
  context: CallsFor,
): CallOptions {
  const { waitMs } = message as { readonly waitMs?: unknown };
  const waitsMs = typeof waitMs === "number" ? waitMs : 0;
  return {
    context,
    timeoutMs: context.atLeast(waitsMs),
    ...(waitsMs > 0 && { signal: context.stopping }),
    ...(plan.key === undefined &&
      context.idempotencyKey !== "" && { idempotencyKey: context.idempotencyKey }),
  };
}

/** A stream continues as long as it is followed, which is longer than its request is being answered. */
function partsOf({ principal, namespace, deadlineMs, trace, idempotencyKey, logger }: RequestContext) {
  return { principal, namespace, deadlineMs, trace, idempotencyKey, logger };
}

/** Sends one request of a stream and joins its replies: their lists are concatenated. */
async function gathered(called: Called, message: Message, options: CallOptions): Promise<Message> {
  async function* requests() {
    yield message;
  }
  const merged: Record<string, unknown> = {};
  for await (const reply of called.many(requests(), options)) {
    for (const [name, value] of Object.entries(reply)) {
      const before = merged[name];
      merged[name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
    }
  }
  return merged;
}
