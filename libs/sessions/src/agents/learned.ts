/**
 * Durations, usage and choices of each namespace, learned from its experience: every process with the same
 * experience has the same knowledge. It is requested before a plan or a choice, which does not wait if the
 * service is unavailable.
 */
import type { estimateService } from "@tutti/contracts/intelligence/v1";
import { costInputIn } from "@tutti/definitions";
import { type Clock, errorFromUnknown, type InstanceKey, type Logger } from "@tutti/kernel";
import { describedAs, type Knowledge, Learner } from "@tutti/machine-entities/experience";
import type { SessionView, TaskView } from "@tutti/machine-session";
import type { Client } from "@tutti/mesh";
import type { Described } from "@tutti/planner";

export interface LearnedParts {
  readonly estimates: Pick<Client<typeof estimateService>, "readExperience">;
  readonly clock: Pick<Clock, "monotonic">;
  readonly logger: Pick<Logger, "debug">;
}

/** Maximum age of the knowledge: many sessions may start at the same time. */
const freshMs = 500;
/** Maximum wait of a caller for more knowledge. */
const waitMs = 2_000;
const namespacesMax = 200;

interface Known {
  readonly learner: Learner;
  requestedMs: number;
  /** Time of the last read. Undefined before the first. */
  readMs: number | undefined;
  isUnavailable: boolean;
  pending: Promise<void>;
}

export class Learned {
  readonly #parts: LearnedParts;
  readonly #known = new Map<string, Known>();
  /** Expected loss of open sessions through exploration. */
  readonly #underTrial = new Map<string, Map<string, number>>();

  constructor(parts: LearnedParts) {
    this.#parts = parts;
  }

  /** Returns the knowledge, including recent experience. */
  async of(namespace: string): Promise<Knowledge> {
    const nowMs = this.#parts.clock.monotonic();
    const known = this.#known.get(namespace) ?? this.#create(namespace);
    if (nowMs - known.requestedMs >= freshMs) {
      known.requestedMs = nowMs;
      known.pending = this.#read(namespace, known);
    }
    await known.pending;
    return known.learner.knowledge;
  }

  /** Returns the knowledge of the last request. */
  current(namespace: string): Knowledge {
    return (this.#known.get(namespace) ?? this.#create(namespace)).learner.knowledge;
  }

  /** Returns a text if the last request failed. Undefined if it succeeded. */
  absence(namespace: string): string | undefined {
    const known = this.#known.get(namespace);
    if (known === undefined || !known.isUnavailable) return undefined;
    const problem = "the service of estimates does not reply";
    if (known.readMs === undefined) return `${problem}, and no estimates were read before`;
    const ageSec = Math.round((this.#parts.clock.monotonic() - known.readMs) / 1_000);
    return `${problem}, and the known estimates are ${ageSec} s old`;
  }

  /** Records a session that does not use the best known mode, in order to learn. */
  trying({ namespace, id }: InstanceKey, lossMs: number): void {
    const trials = this.#underTrial.get(namespace) ?? new Map<string, number>();
    this.#underTrial.set(namespace, trials.set(id, lossMs));
  }

  /** Drops an ended session: its outcome is part of the experience. */
  remove({ namespace, id }: InstanceKey): void {
    const trials = this.#underTrial.get(namespace);
    trials?.delete(id);
    if (trials?.size === 0) this.#underTrial.delete(namespace);
  }

  underTrialMs(namespace: string): number {
    let sumMs = 0;
    for (const lossMs of this.#underTrial.get(namespace)?.values() ?? []) sumMs += lossMs;
    return sumMs;
  }

  async #read(namespace: string, known: Known): Promise<void> {
    const { learner } = known;
    try {
      for (;;) {
        const { place } = learner;
        const request = { namespace, ...place };
        const { anew: isRestarted, ...news } = await this.#parts.estimates.readExperience(request, {
          timeoutMs: waitMs,
        });
        if (!learner.apply({ ...news, isReset: isRestarted }, place)) continue;
        known.isUnavailable = false;
        known.readMs = this.#parts.clock.monotonic();
        return;
      }
    } catch (error) {
      known.isUnavailable = true;
      const details = { namespace, error: errorFromUnknown(error) };
      this.#parts.logger.debug("failed to read learned estimates, using the known ones", details);
    }
  }

  #create(namespace: string): Known {
    const known: Known = {
      learner: new Learner(),
      requestedMs: Number.NEGATIVE_INFINITY,
      readMs: undefined,
      isUnavailable: false,
      pending: Promise.resolve(),
    };
    this.#known.set(namespace, known);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= namespacesMax) break;
      this.#known.delete(oldest);
    }
    return known;
  }
}

/** Returns the description of a task for estimates. */
export function describedIn(
  { order }: { readonly order: Pick<NonNullable<SessionView["order"]>, "definition"> | undefined },
  { id, work, input, estimate }: TaskView["spec"],
): Described {
  const capability = work?.$case === "capability" ? work.value : "";
  const definition = order?.definition ?? "";
  const definitionTask = definition === "" ? "" : id;
  const kind = { capability, version: "", definition, definitionTask };
  // The work of children is unknown.
  const known = capability === "" ? { capability: id, within: [] } : describedAs(kind);
  const inline = input?.body?.$case === "inline" ? input.body.value : undefined;
  const { key } = costInputIn(estimate?.by ?? [], inline);
  return { ...known, inputBytes: inline?.length ?? 0, ...(key !== "" && { key }) };
}
