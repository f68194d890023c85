/**
 * One place for an agent: a program that must always run.
 *
 *     starting ── joined ──► running ── asked to go ──► ending ──► over
 *     starting, running ── ended by itself ──► resting ── pause ──► starting
 *     starting, running ── ended by itself, too often ──► quarantined ── released ──► starting
 *
 * 1. It has at most one program at a time.
 * 2. An agent that is asked to go drains first. It is asked to end when it has drained or its time is over, and made to
 *    end after the same time again.
 * 3. Nothing is started after `stop`.
 */
import {
  type Chance,
  type Clock,
  counted,
  errorFromUnknown,
  type Logger,
  sleep,
  type Timer,
  type Timers,
  type TuttiError,
} from "@tutti/kernel";
import type { Crashes } from "@tutti/machine-entities/pool";
import { crashAfter } from "@tutti/matching";
import { scalingErrors } from "../../errors.ts";
import type { AgentWindow } from "../driver.ts";
import { detailedTextOf, type Ending, type Programs, type Running, textOf } from "./programs.ts";

/** A program that already runs. */
export interface StartedProgram {
  readonly launchId: string;
  readonly running: Running;
}

export interface BerthParts {
  readonly agentId: string;
  readonly programs: Programs;
  /** The running program, if an earlier process started it. */
  readonly started?: StartedProgram | undefined;
  readonly newLaunchId: () => string;
  readonly stopMs: number;
  readonly joinMs: number;
  readonly quarantineAfter: () => number;
  /** Crashes in a row at the previous owner, and how the program ended. */
  readonly crashes: Crashes;
  readonly agents: AgentWindow;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
}

type State =
  | {
      readonly name: "starting";
      readonly launchId: string;
      /** Since the program was requested, or has started. */
      sinceMs: number;
      running: Running | undefined;
    }
  | {
      readonly name: "running";
      readonly launchId: string;
      readonly sinceMs: number;
      readonly running: Running;
    }
  | { readonly name: "resting"; readonly timer: Timer }
  | { readonly name: "quarantined" }
  | { readonly name: "ending"; readonly launchId: string; readonly running: Running | undefined }
  | { readonly name: "over" };

const checkMs = 50;
/** Pause after an orderly exit: without it a program that always exits would start all the time. */
const goodEndMs = 1_000;

export class Berth {
  readonly agentId: string;
  readonly #parts: BerthParts;
  readonly #over = Promise.withResolvers<void>();
  #state: State = { name: "over" };
  #crashes = 0;
  #error: TuttiError | undefined;

  constructor(parts: BerthParts) {
    this.#parts = parts;
    this.agentId = parts.agentId;
    const { count, how } = parts.crashes;
    this.#crashes = count;
    if (parts.started !== undefined) this.#start(parts.started);
    else if (count >= parts.quarantineAfter())
      // Earlier releases did not record how.
      this.#quarantine(how || "exited before the platform restarted or the pool moved");
    else this.#start();
  }

  get state(): State["name"] {
    return this.#state.name;
  }

  get crashes(): number {
    return this.#crashes;
  }

  get error(): TuttiError | undefined {
    return this.#error;
  }

  /** Whether the program ran before this process, so that its agent may be on its way to a new link. */
  get isReconnecting(): boolean {
    return this.#state.name === "starting" && this.#state.launchId === this.#parts.started?.launchId;
  }

  /** Launch id of the program, also while it ends. */
  get launchId(): string | undefined {
    return "launchId" in this.#state ? this.#state.launchId : undefined;
  }

  /** Launch id of the running program, and its start. Undefined if none runs. */
  get launched(): { readonly launchId: string; readonly sinceMs: number } | undefined {
    const state = this.#state;
    return state.name === "starting" || state.name === "running" ? state : undefined;
  }

  /** Checks whether the agent has joined, or should have. */
  check(): void {
    const state = this.#state;
    if (state.name !== "starting" || state.running === undefined) return;
    const { agents, clock, joinMs, logger } = this.#parts;
    if (agents.busy(this.agentId) !== undefined) {
      this.#state = { ...state, name: "running", running: state.running };
      this.#error = undefined;
    } else if (clock.monotonic() - state.sinceMs > joinMs) {
      logger.warn("launched agent did not join in time, stopping it", { agent: this.agentId, joinMs });
      state.running.signal("SIGKILL");
    }
  }

  release(): void {
    if (this.#state.name !== "quarantined") return;
    this.forgive();
    this.#start();
  }

  /** Forgets the crashes. */
  forgive(): void {
    if (this.#crashes > 0) this.#parts.agents.crashed(this.agentId, 0, "");
    this.#crashes = 0;
  }

  /** Ends the program. Resolves when nothing of it runs any more. */
  stop(reason: string, isHurried: boolean): Promise<void> {
    const state = this.#state;
    switch (state.name) {
      case "resting":
        state.timer.cancel();
        this.#finish();
        break;
      case "quarantined":
        this.#finish();
        break;
      case "starting":
      case "running":
        this.#state = { name: "ending", launchId: state.launchId, running: state.running };
        if (state.running !== undefined)
          void this.#part(state.running, reason, isHurried || state.name === "starting");
        break;
      case "ending":
        if (isHurried) state.running?.signal("SIGTERM");
        break;
      case "over":
        this.#over.resolve();
    }
    return this.#over.promise;
  }

  #start(started?: StartedProgram): void {
    const { newLaunchId, clock, agents } = this.#parts;
    const { launchId, running } = started ?? { launchId: newLaunchId(), running: undefined };
    const state: State = { name: "starting", launchId, sinceMs: clock.monotonic(), running };
    this.#state = state;
    agents.started(this.agentId);
    this.#run(state).catch((error: unknown) => {
      this.#error = errorFromUnknown(error);
      this.#handleExit(state.sinceMs, { kind: "never started", reason: this.#error.message });
    });
  }

  async #run(state: Extract<State, { name: "starting" }>): Promise<void> {
    const { programs, clock } = this.#parts;
    const { agentId } = this;
    const { launchId } = state;
    const isNeeded = () => this.#state === state;
    const running = state.running ?? (await programs.launch({ agentId, launchId }, isNeeded));
    if (running === undefined) {
      this.#finish();
      return;
    }
    if (isNeeded()) {
      if (state.running === undefined) state.sinceMs = clock.monotonic();
      state.running = running;
    } else {
      // It was asked to end while its program was starting.
      this.#state = { name: "ending", launchId, running };
      void this.#part(running, "", true);
    }
    this.#handleExit(state.sinceMs, await running.ended);
  }

  #handleExit(sinceMs: number, ending: Ending): void {
    const { clock, quarantineAfter, chance, agents, timers, logger } = this.#parts;
    if (this.#state.name === "ending") {
      this.#finish();
      return;
    }
    if (this.#state.name === "over") return;
    const livedMs = clock.monotonic() - sinceMs;
    const endingText = detailedTextOf(ending);
    agents.exited(this.agentId, `its program ${textOf(ending)}`);
    if (this.#state.name === "running" && ending.kind === "exited" && ending.code === 0) {
      // Another party asked it to go, and it is still wanted.
      this.#state = { name: "resting", timer: timers.after(goodEndMs, () => this.#start()) };
      return;
    }
    const { crashes, restartAfterMs } = crashAfter(this.#crashes, livedMs, quarantineAfter(), chance);
    this.#crashes = crashes;
    agents.crashed(this.agentId, crashes, endingText);
    this.#error = scalingErrors.crashed({ agent: this.agentId, how: endingText, crashes });
    logger.warn("agent exited unexpectedly", {
      agent: this.agentId,
      how: endingText,
      crashes,
      againAfterMs: restartAfterMs,
    });
    if (restartAfterMs === undefined) this.#quarantine(endingText);
    else this.#state = { name: "resting", timer: timers.after(restartAfterMs, () => this.#start()) };
  }

  #quarantine(endingText: string): void {
    const { agentId: agent } = this;
    const crashes = this.#crashes;
    this.#state = { name: "quarantined" };
    this.#error = scalingErrors.crashed({ agent, how: endingText, crashes });
    this.#parts.agents.quarantine(agent, `it ${endingText}, ${counted(crashes, "time")} in a row`);
  }

  /** Drains the agent, asks the program to end, then kills it. */
  async #part(running: Running, reason: string, isHurried: boolean): Promise<void> {
    const { agents, stopMs, timers } = this.#parts;
    if (!isHurried) {
      agents.drain(this.agentId, reason, stopMs);
      for (let waited = 0; waited < stopMs && this.#isEnding; waited += checkMs) {
        if (agents.busy(this.agentId) === undefined) break;
        await sleep(timers, checkMs);
      }
    }
    running.signal("SIGTERM");
    for (let waited = 0; waited < stopMs && this.#isEnding; waited += checkMs) await sleep(timers, checkMs);
    if (this.#isEnding) running.signal("SIGKILL");
  }

  get #isEnding(): boolean {
    return this.#state.name === "ending";
  }

  #finish(): void {
    this.#state = { name: "over" };
    this.#parts.agents.exited(this.agentId, "its program has exited as requested");
    this.#over.resolve();
  }
}
