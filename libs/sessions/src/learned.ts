/**
 * What is known of how long tasks take, and of how choices went: learned from sessions as they go. It is made anew in each process,
 * out of the sessions that ended last.
 */
import { type Choice as ChoiceMessage, Mode } from "@tutti/contracts/session/v1";
import { TaskStatus } from "@tutti/contracts/types/v1";
import type { InstanceKey } from "@tutti/kernel";
import { modeName, type SessionView, type TaskView } from "@tutti/machine-session";
import { Estimates, learnOutcome, ModeChooser, type Mode as PlannedMode } from "@tutti/planner";

/** Sessions of which is remembered what was learned of them. */
const sessionsMax = 10_000;

export class Learned {
  readonly times = new Estimates();
  readonly chooser = new ModeChooser();
  /** How many tasks of each session were taken in, and whether its choice was. */
  readonly #seen = new Map<string, Set<number>>();
  readonly #judged = new Set<string>();

  /** Takes in what has ended since; what is planned is learned by whoever plans it. */
  learn({ namespace, id }: InstanceKey, view: SessionView): void {
    const name = `${namespace}/${id}`;
    const seen = this.#seen.get(name) ?? new Set<number>();
    this.#seen.set(name, seen);
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= sessionsMax) break;
      this.#seen.delete(oldest);
      this.#judged.delete(oldest);
    }
    for (const task of view.tasks) {
      if (seen.has(task.number) || task.status !== TaskStatus.TASK_STATUS_COMPLETED) continue;
      seen.add(task.number);
      const isPlanned = view.parts[task.part]?.mode === Mode.MODE_INTELLIGENCE;
      if (!isPlanned) this.#learnTask(task);
    }
    if (view.endMs === 0 || this.#judged.has(name)) return;
    this.#judged.add(name);
    const choice = view.choices.findLast(({ kind }) => kind === "mode");
    if (choice?.outcome !== undefined) this.#learnChoice(choice as ChoiceMessage);
  }

  #learnTask({ spec, agent, startMs, endMs }: TaskView): void {
    if (spec.work?.$case !== "capability" || agent === "" || startMs === 0 || endMs <= startMs) return;
    this.times.learn(
      { capability: spec.work.value, agentId: agent, inputBytes: inputBytesOf(spec) },
      endMs - startMs,
    );
  }

  #learnChoice({ features, candidates, chosen, outcome }: ChoiceMessage): void {
    const known = candidates.flatMap((candidate) => {
      const mode = modeName(candidate.mode) as PlannedMode;
      const { eligible, expectedMs, highMs, expectedQuality, score, reason, expectedUse } = candidate;
      const use = { timeMs: expectedUse?.timeMs ?? 0, money: expectedUse?.money ?? 0 };
      return [{ mode, eligible, expectedMs, highMs, expectedUse: use, expectedQuality, score, reason }];
    });
    learnOutcome(this.chooser, { features, candidates: known, chosen }, outcome?.realMs ?? 0);
  }
}

export function inputBytesOf({ input }: TaskView["spec"]): number {
  return input?.body?.$case === "inline" ? input.body.value.length : 0;
}
