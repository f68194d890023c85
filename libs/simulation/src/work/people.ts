/** People who look after missions: they act at random while there are faults, and do the rest afterwards. */

import { QuestionKind } from "@tutti/contracts/swarm/v1";
import { TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import type { Chance } from "@tutti/kernel";
import { isDone } from "@tutti/machine-work";
import type { SendRequest } from "./actors.ts";
import type { MissionCheck } from "./mission-check.ts";

const { QUESTION_KIND_BUDGET: budgetQuestion, QUESTION_KIND_TIE: tieQuestion } = QuestionKind;

export class People {
  readonly #request: SendRequest;
  readonly #chance: Chance;

  constructor(request: SendRequest, chance: Chance) {
    this.#request = request;
    this.#chance = chance;
  }

  /** Executes one random action. */
  intervene(mission: MissionCheck): void {
    const draw = this.#chance.random();
    const { id } = mission;
    const done = (): void => {};
    if (draw < 0.25) this.#request(id, "pause_mission", { reason: "" }, done);
    else if (draw < 0.5) this.#request(id, "resume_mission", { reason: "" }, done);
    else if (draw < 0.54) this.#request(id, "cancel_mission", { reason: "" }, done);
    else if (draw < 0.56) this.#request(id, "terminate_mission", { reason: "" }, done);
    else if (draw < 0.7)
      this.#request(id, "withdraw_tasks", { taskIds: [this.#task(mission)], reason: "" }, done);
    else if (draw < 0.85) {
      const output = { body: { $case: "inline" as const, value: Uint8Array.of(49) }, mediaType: "" };
      const outcome = { result: { $case: "completed" as const, value: output } };
      this.#request(id, "bring_in_outcomes", { outcomes: [{ taskId: this.#task(mission), outcome }] }, done);
    } else this.attend(mission);
  }

  #task({ state: { tasks } }: MissionCheck): string {
    return tasks[Math.floor(this.#chance.random() * tasks.length)]?.spec.id ?? "";
  }

  /** Does what the mission waits for a person to do. Returns whether there was anything. */
  attend({ id, state }: MissionCheck): boolean {
    const { tasks, votes, pauseMs } = state;
    const done = (): void => {};
    if (pauseMs > 0) this.#request(id, "resume_mission", { reason: "" }, done);
    // Its holder may have forgotten it, and others wait for the amount.
    for (const number of state.reservations.keys())
      this.#request(id, "return_budget", { agentId: "", reservationId: `r${number}` }, done);
    const withdrawn = tasks.filter(({ isWithdrawn, status }) => isWithdrawn && !isDone(status));
    if (withdrawn.length > 0) {
      const outcomes = withdrawn.map(({ spec }) => ({
        taskId: spec.id,
        outcome: { result: { $case: "cancelled" as const, value: { code: "nobody.wants", message: "" } } },
      }));
      this.#request(id, "bring_in_outcomes", { outcomes }, done);
    }
    if (tasks.some(({ status }) => status === TaskStatus.TASK_STATUS_PAUSED))
      this.#request(id, "resume_board_tasks", { taskIds: [], reason: "" }, done);
    const questions = [...state.questions.values()].filter(
      ({ verdict }) => verdict === Verdict.VERDICT_UNSPECIFIED,
    );
    for (const { number, kind, subject } of questions) {
      const data =
        kind === budgetQuestion
          ? { tokens: 50, money: 5 }
          : kind === tieQuestion
            ? { winner: votes.get(subject)?.vote.options[0]?.option }
            : undefined;
      const body = data && {
        body: { $case: "inline" as const, value: new TextEncoder().encode(JSON.stringify(data)) },
        mediaType: "",
      };
      this.#request(
        id,
        "decide_mission_question",
        { approvalId: `q${number}`, approved: true, data: body, reason: "", roles: [] },
        done,
      );
    }
    return withdrawn.length + questions.length > 0 || pauseMs > 0;
  }

  /** Ends a mission that a person has to end. */
  stop({ id }: MissionCheck): void {
    const value = { body: { $case: "inline" as const, value: Uint8Array.of(49) }, mediaType: "" };
    this.#request(
      id,
      "put_entries",
      { agentId: "", writes: [{ key: "stop", value }], allOrNone: false },
      () => {},
    );
  }
}
