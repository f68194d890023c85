/** A schedule in a test: its actions and state. Virtual time skips years. */
import { pause, resume, type ScheduleFacts, trigger } from "@tutti/machine-schedule";
import type { TestRun } from "./run.ts";
import { type Duration, durationMs } from "./waiting.ts";
import type { World } from "./world.ts";

/** A schedule of a test. */
export class TestSchedule<Output = unknown> {
  readonly id: string;
  readonly #world: World;
  readonly #runOf: (id: string) => TestRun<Output>;

  constructor(world: World, id: string, runOf: (id: string) => TestRun<Output>) {
    this.#world = world;
    this.id = id;
    this.#runOf = runOf;
  }

  /** The runs that it has started, in their order. */
  get runs(): readonly TestRun<Output>[] {
    return this.#world.schedules.startedBy(this.id).map((id) => this.#runOf(id));
  }

  /** How often its time came and no run started, because the one before had not ended. */
  get skipped(): number {
    return this.#facts.skippedCount;
  }

  get paused(): boolean {
    return this.#facts.paused;
  }

  /** When its next runs start. None while it is paused. */
  get nextTimes(): readonly Date[] {
    return this.#facts.nextMs.map((ms) => new Date(ms));
  }

  /** Lets so much time pass. Every run that is due starts at its moment. */
  async skip(duration: Duration): Promise<void> {
    const { time } = this.#world;
    const untilMs = time.monotonic() + durationMs(duration);
    await this.#world.proceed({ untilMs, isDone: () => time.monotonic() >= untilMs });
    await this.#world.proceed({ untilMs: time.monotonic(), isDone: () => false });
  }

  /** Starts a run now. */
  async trigger(): Promise<void> {
    this.#world.schedules.execute(this.id, trigger, { overlap: 0 });
    await this.#world.time.flush();
  }

  pause(reason = ""): void {
    this.#world.schedules.execute(this.id, pause, { note: reason });
  }

  resume(reason = ""): void {
    this.#world.schedules.execute(this.id, resume, { note: reason });
  }

  get #facts(): ScheduleFacts {
    return this.#world.schedules.factsOf(this.id);
  }
}
