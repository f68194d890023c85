/** Reports on the bus that a duration no longer matches its estimate. After a restart a drift is reported once more. */
import { type Bus, contractEvent, type EventInput } from "@tutti/bus";
import { type IntelligenceEventPayloads, intelligenceEvents } from "@tutti/contracts/events/v1/intelligence";
import type { ModelChangedV1 } from "@tutti/contracts/intelligence/v1";
import { type EventMapper, headOf, MachineEventPublisher, type NoteHead } from "@tutti/host/serving";
import { errorFromUnknown, type Foundation, toTimestamp } from "@tutti/kernel";
import { type Drifted, Drifts, experience } from "@tutti/machine-entities/experience";
import type { Happening } from "@tutti/runtime";
import type { Learners } from "./learners.ts";

const type = "tutti.intelligence.estimate.drifted";
const source = "/tutti/intelligence";

interface DriftNote extends NoteHead {
  readonly kind: "drift";
  readonly drifted: Drifted;
}

const mapper: EventMapper<DriftNote | ModelNote> = {
  eventOf(note: DriftNote | ModelNote): EventInput {
    const { key, event, timeMs, cause } = note;
    const { capability } = note.kind === "drift" ? note.drifted : note.changed;
    const header = {
      namespace: key.namespace,
      resource: capability,
      sequence: event,
      time: toTimestamp(timeMs),
      cause,
    };
    if (note.kind === "model") {
      const { live, previous, finding } = note.changed;
      const changed = { header, modelId: capability, live, previous, finding };
      return contractEvent(intelligenceEvents[note.type], changed, { source });
    }
    const { beforeMs, nowMs } = note.drifted;
    const payload: IntelligenceEventPayloads[typeof type] = { header, key: capability, beforeMs, nowMs };
    return contractEvent(intelligenceEvents[type], payload, { source });
  },
  isEnd: () => false,
  progressOf: () => Promise.resolve(undefined),
};

interface ModelNote extends NoteHead {
  readonly kind: "model";
  readonly type: ModelEventType;
  readonly changed: ModelChangedV1;
}

type ModelEventType = Extract<keyof IntelligenceEventPayloads, `tutti.intelligence.model.${string}`>;

const modelTypes: Readonly<Record<string, ModelEventType>> = {
  promoted: "tutti.intelligence.model.promoted",
  dropped: "tutti.intelligence.model.dropped",
  rolled_back: "tutti.intelligence.model.rolled_back",
};

/** Undefined for a change that this release does not know. */
function modelNote(_: never, changed: ModelChangedV1, head: Happening): ModelNote | undefined {
  const type = modelTypes[changed.change];
  return type && { ...headOf(head), kind: "model", type, changed };
}

interface Watched {
  readonly drifts: Drifts;
  /** The latest change since the last check. Undefined for none. */
  head: NoteHead | undefined;
  isChecking: boolean;
}

export class EstimateEventPublisher extends MachineEventPublisher<DriftNote | ModelNote> {
  readonly #logger: Foundation["logger"];
  readonly #watched = new Map<string, Watched>();
  #learners: Pick<Learners, "hosted"> | undefined;

  constructor({ bus, foundation }: { readonly bus: Pick<Bus, "publish">; readonly foundation: Foundation }) {
    const leftOut = foundation.metrics
      .counter({
        name: "tutti_master_estimate_events_left_out_total",
        help: "Estimate events dropped because the publish queue was full.",
      })
      .with({});
    const notes = {
      experience_recorded: (_state: never, _body: never, head: Happening) => headOf(head),
      model_changed: modelNote,
    };
    super({ bus, foundation, sources: [{ machine: experience, notes }], mapper, dropped: leftOut });
    this.#logger = foundation.logger;
  }

  /** Sets the learners. They need the runtime, which needs this publisher. */
  attachLearners(learners: Pick<Learners, "hosted">): void {
    this.#learners = learners;
  }

  /** Records are learned first. Checks run as often as that takes. */
  override handle(notes: readonly unknown[]): void {
    for (const note of notes) {
      if (note instanceof Error || isOfModel(note)) super.handle([note]);
      else if (note !== undefined) this.#recordChange(note as NoteHead);
    }
  }

  #recordChange(head: NoteHead): void {
    const { namespace } = head.key;
    const watched = this.#watched.get(namespace) ?? {
      drifts: new Drifts(),
      head: undefined,
      isChecking: false,
    };
    this.#watched.set(namespace, watched);
    watched.head = head;
    if (!watched.isChecking) void this.#check(namespace, watched);
  }

  async #check(namespace: string, watched: Watched): Promise<void> {
    watched.isChecking = true;
    try {
      for (let { head } = watched; head !== undefined; { head } = watched) {
        watched.head = undefined;
        const knowledge = await this.#learners?.hosted(namespace);
        const about = head;
        const drifted = knowledge === undefined ? [] : watched.drifts.started(knowledge);
        super.handle(drifted.map((each): DriftNote => ({ ...about, kind: "drift", drifted: each })));
      }
    } catch (error) {
      // The partition has moved: its new owner reports the drift.
      this.#logger.debug("failed to check estimates for drift", { error: errorFromUnknown(error) });
    } finally {
      watched.isChecking = false;
    }
  }
}

function isOfModel(note: unknown): note is ModelNote {
  return note !== null && typeof note === "object" && "kind" in note && note.kind === "model";
}
