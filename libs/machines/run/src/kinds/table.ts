/** Kinds of tasks and their folders. */
import type { PlanKindWord } from "@tutti/definitions";
import { detailOfRefusal } from "@tutti/machine-work";
import { failForGood } from "../core/attempt/outcome.ts";
import { idOf, type TaskKind } from "../core/node/task-kind.ts";
import { runErrors } from "../errors.ts";
import { uses } from "./activity/kind.ts";
import { approve } from "./approve/kind.ts";
import { child } from "./child/kind.ts";
import { durable } from "./function/kind.ts";
import { gate } from "./gate/kind.ts";
import { loop } from "./loop/kind.ts";
import { set } from "./set-variables/kind.ts";
import { spawn } from "./spawn/kind.ts";
import { wait } from "./wait/kind.ts";

const kinds: Partial<Record<PlanKindWord, TaskKind>> = {
  uses,
  function: durable,
  set,
  wait,
  loop,
  gate,
  approve,
  spawn,
  workflow: child,
  mission: child,
};

/** A kind that only a newer release knows: its task fails with an error that states this. */
const unknown: TaskKind = {
  start(place) {
    const refusal = runErrors.kindUnknown.refusal({ task: idOf(place), kind: place.task.kind });
    failForGood(place, detailOfRefusal(refusal));
  },
};

export function kindOf(kind: PlanKindWord): TaskKind {
  return kinds[kind] ?? unknown;
}
