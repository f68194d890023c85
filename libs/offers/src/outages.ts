/**
 * Times in which no task could be sent to a pool, with the reason. The pool does not know tasks that wait
 * here.
 *
 * 1. Between two outages the owner of the pool has accepted offers. A change of the cause starts another
 *    outage.
 * 2. The last finished outages are remembered, except those that were too short to be noticed.
 */
import { WaitCause } from "@tutti/contracts/types/v1";
import { type TuttiError, withoutRemedy } from "@tutti/kernel";
import { meshErrors } from "@tutti/mesh";

interface Outage {
  readonly cause: WaitCause;
  /** The reason, as a text. */
  readonly message: string;
  /** The remedy, as a text. */
  readonly remedy: string;
  readonly fromMs: number;
  /** Undefined while it lasts. */
  readonly toMs: number | undefined;
}

/** An outage with the time that a task waited because of it. */
export interface OutageWait extends Outage {
  readonly waitedMs: number;
}

const rememberedMax = 32;
const noticedMs = 20;
/** The owner of the pools answers with this code: it is available. */
const poolUnknown = "swarm.pool_unknown";
const denials: ReadonlySet<string> = new Set(["PERMISSION_DENIED", "UNAUTHENTICATED"]);

export class Outages {
  readonly #past: Outage[] = [];
  #present: Outage | undefined;

  /** Returns the outages that lasted at a time or later, cut to that time, the present one last. */
  since(sinceMs: number, nowMs: number): OutageWait[] {
    const past = this.#past.filter(({ toMs = sinceMs }) => toMs > sinceMs);
    const all = this.#present === undefined ? past : [...past, this.#present];
    return all.map((outage) => {
      const fromMs = sinceMs < nowMs ? Math.max(outage.fromMs, sinceMs) : outage.fromMs;
      return { ...outage, fromMs, waitedMs: (outage.toMs ?? nowMs) - fromMs };
    });
  }

  /** Records that offers do not arrive, for the reason of an error. */
  record(error: TuttiError, pool: string, nowMs: number): void {
    const { cause, ...words } = causeOf(error, pool);
    if (this.#present?.cause === cause) {
      this.#present = { ...this.#present, ...words };
      return;
    }
    this.recordRecovery(nowMs);
    this.#present = { cause, ...words, fromMs: nowMs, toMs: undefined };
  }

  /** Records that offers arrive. */
  recordRecovery(nowMs: number): void {
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
      remedy: `allow this service the action swarm.offers.exchange on the pool ${pool}`,
    };
  if (meshErrors.noUsableInstance.is(error))
    return {
      cause: WaitCause.WAIT_CAUSE_BREAKER,
      message: `the breaker of the owner of the pool ${pool} is open: ${withoutRemedy(error)}`,
      remedy: "check the logs of the swarm service: the call to its owner is retried automatically",
    };
  return {
    cause: WaitCause.WAIT_CAUSE_OWNER,
    message: `the owner of the pool ${pool} is not reached: ${message}`,
    remedy: "wait until another process owns the pool, or see that a swarm process runs",
  };
}
