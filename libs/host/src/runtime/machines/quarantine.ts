/** Machines that are kept aside, and how they go on. */
import {
  type ListQuarantinedReply,
  type ListQuarantinedRequest,
  type QuarantinedMachine,
  type RepairQuarantinedReply,
  RepairQuarantinedRequest,
} from "@tutti/contracts/runtime/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { type CallContext, pageOf, toTimestamp } from "@tutti/kernel";
import { runtimeErrors } from "@tutti/runtime/errors";
import { whenOwned } from "../admission.ts";
import { causeOf } from "../cause.ts";
import { keyIn, type MachineDesk } from "./desk.ts";

export function listQuarantined(
  { runtime }: MachineDesk,
  { namespace, page }: ListQuarantinedRequest,
): ListQuarantinedReply {
  const wanted = namespace || "default";
  const sorted = runtime
    .quarantined()
    .filter(({ key }) => key.namespace === wanted)
    .map((instance) => ({ instance, sinceMs: instance.quarantine?.sinceMs ?? 0 }))
    .map((one) => ({ ...one, rank: `${String(one.sinceMs).padStart(16, "0")}/${one.instance.text}` }))
    .sort((one, other) => (one.rank < other.rank ? -1 : 1));
  const { items, nextToken } = pageOf(
    sorted,
    { list: ["quarantined", wanted], keyOf: ({ rank }) => rank },
    page,
  );
  return { machines: items.map(({ instance }) => machineOf(instance)), page: { nextToken } };
}

function machineOf({
  key,
  quarantine,
}: ReturnType<MachineDesk["runtime"]["quarantined"]>[number]): QuarantinedMachine {
  const { sinceMs = 0, folded = 0, parked = [], reason } = quarantine ?? {};
  return {
    reference: { ...key, task: "" },
    since: toTimestamp(sinceMs),
    event: folded,
    error: reason?.error,
    on: reason?.on ?? "",
    waiting: parked.length,
  };
}

interface Answered {
  readonly request: string;
  readonly reply: Promise<RepairQuarantinedReply>;
}

const answeredMax = 1_000;

/** Repairs, and what was answered to the last of them: a repetition under the same key is answered like the first time. */
export class RepairDesk {
  readonly #desk: MachineDesk;
  readonly #answered = new Map<string, Answered>();

  constructor(desk: MachineDesk) {
    this.#desk = desk;
  }

  repair(request: RepairQuarantinedRequest, context: CallContext): Promise<RepairQuarantinedReply> {
    const { idempotencyKey: key } = request;
    if (key === "") return this.#repair(request, context);
    const text = JSON.stringify(RepairQuarantinedRequest.toJSON(request));
    const name = `${request.namespace}/${key}`;
    const known = this.#answered.get(name);
    if (known !== undefined) {
      if (known.request !== text) throw runtimeErrors.keyReused({ ...request, key });
      return known.reply;
    }
    const reply = this.#repair(request, context);
    this.#answered.set(name, { request: text, reply });
    // What failed may be tried again under the same key.
    reply.catch(() => this.#answered.delete(name));
    const [oldest = ""] = this.#answered.keys();
    if (this.#answered.size > answeredMax) this.#answered.delete(oldest);
    return reply;
  }

  async #repair(request: RepairQuarantinedRequest, context: CallContext): Promise<RepairQuarantinedReply> {
    const key = keyIn(request);
    const { action, event, reason } = request;
    return whenOwned(this.#desk, key, context, async () => {
      const cause = causeOf(context, reason);
      const instance = await this.#desk.runtime.repair({ key, action, event, cause });
      if (instance.quarantine !== undefined) {
        return { status: WorkStatus.WORK_STATUS_QUARANTINED, event: instance.event };
      }
      const { status } = instance.hosted.machine.describe(instance.state);
      const isTerminated = instance.isTerminated;
      return { status: isTerminated ? WorkStatus.WORK_STATUS_TERMINATED : status, event: instance.event };
    });
  }
}
