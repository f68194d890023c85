/**
 * Times in which tasks could not be brought to a pool, with the reason: a task that waits here is unknown to its
 * pool.
 *
 * 1. Between two of them the owner of the pool has taken what is offered. One that changes its cause is two.
 * 2. Of those that are over the last ones are remembered, and none that was too short to be noticed.
 */
import { WaitCause } from "@tutti/contracts/types/v1";
import { type TuttiError, withoutRemedy } from "@tutti/kernel";
import { meshErrors } from "@tutti/mesh";

interface Outage {
  readonly cause: WaitCause;
  /** Why, in words. */
  readonly message: string;
  /** What would help. */
  readonly remedy: string;
  readonly fromMs: number;
  /** Undefined while it lasts. */
  readonly toMs: number | undefined;
}

/** An outage with the time that a task waited for it. */
export interface OutageWait extends Outage {
  readonly waitedMs: number;
}

const rememberedMax = 32;
const noticedMs = 20;
/** Of the owner of pools. It answers: nothing is away. */
const poolUnknown = "swarm.pool_unknown";
const denials: ReadonlySet<string> = new Set(["PERMISSION_DENIED", "UNAUTHENTICATED"]);

export class Outages {
  readonly #past: Outage[] = [];
  #present: Outage | undefined;

  /** Those that lasted at a time or later, as far as they lasted then, the present one last. */
  since(sinceMs: number, nowMs: number): OutageWait[] {
    const past = this.#past.filter(({ toMs = sinceMs }) => toMs > sinceMs);
    const all = this.#present === undefined ? past : [...past, this.#present];
    return all.map((outage) => {
      const fromMs = sinceMs < nowMs ? Math.max(outage.fromMs, sinceMs) : outage.fromMs;
      return { ...outage, fromMs, waitedMs: (outage.toMs ?? nowMs) - fromMs };
    });
  }

  /** What is offered does not arrive, for the reason of an error. */
  begin(error: TuttiError, pool: string, nowMs: number): void {
    const { cause, ...words } = causeOf(error, pool);
    if (this.#present?.cause === cause) {
      this.#present = { ...this.#present, ...words };
      return;
    }
    this.end(nowMs);
    this.#present = { cause, ...words, fromMs: nowMs, toMs: undefined };
  }

  /** What is offered arrives. */
  end(nowMs: number): void {
    const present = this.#present;
    this.#present = undefined;
    if (present === undefined || nowMs - present.fromMs < noticedMs) return;
    this.#past.push({ ...present, toMs: nowMs });
    if (this.#past.length > rememberedMax) this.#past.shift();
  }
}

function causeOf(error: TuttiError, pool: string): Pick<Outage, "cause" | "message" | "remedy"> {
  const { code, status, message } = error;
  if (code === poolUnknown)
    return {
      cause: WaitCause.WAIT_CAUSE_OWNER,
      message: `the pool ${pool} does not exist in the namespace`,
      remedy: `create it with \`tutti pool create ${pool}\`, or correct the name of the pool in the workflow and start another run`,
    };
  if (denials.has(status))
    return {
      cause: WaitCause.WAIT_CAUSE_POLICY,
      message: `the owner of the pool ${pool} may not take it: ${message}`,
      remedy: `let this service do swarm.offers.exchange at the pool ${pool}`,
    };
  if (meshErrors.noUsableInstance.is(error))
    return {
      cause: WaitCause.WAIT_CAUSE_BREAKER,
      message: `the breaker of the owner of the pool ${pool} is open: ${withoutRemedy(error)}`,
      remedy: "check the logs of the swarm service: its owner is tried again by itself",
    };
  return {
    cause: WaitCause.WAIT_CAUSE_OWNER,
    message: `the owner of the pool ${pool} is not reached: ${message}`,
    remedy: "wait until another process owns the pool, or see that a swarm process runs",
  };
}
