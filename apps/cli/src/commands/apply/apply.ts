/** Makes the platform match the files. All files are checked before the first change. */

import { differenceText } from "@tutti/definitions/differences";
import { counted } from "@tutti/kernel";
import { isConfirmed } from "../../command/confirm.ts";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";
import { actorText } from "../access/actor.ts";
import { noteWarnings } from "../warnings.ts";
import { nothingApplied, readFolder } from "./folder.ts";
import { planChanges } from "./plan.ts";
import { planDeletions } from "./prune.ts";
import type { Drift, Step } from "./step.ts";

export async function apply(context: Context): Promise<Result> {
  const { values, print } = context;
  const { documents, warnings, settings, skipped } = await readFolder(context);
  const set = values.text("file-set") ?? settings.set;
  const { setName } = await import("@tutti/validation");
  if (set !== undefined && !setName.test(set))
    throw usageFailure(`--file-set: expected lower-case letters, digits and -, got \`${safe(set)}\``);
  const isPruned = values.flag("prune");
  if (isPruned && set === undefined)
    throw usageFailure("--prune needs the name of the set: only its resources are deleted.", [
      ["tutti apply shop/ --file-set shop --prune", "deletes resources of the set `shop` without a file"],
    ]);
  const server = withNamespace(await connect(context), context, settings.namespace);
  const options = { set, isForced: values.flag("force"), shell: context.shell };
  const plan = async (): Promise<readonly Step[]> => [
    ...(await planChanges(server, documents, options)),
    ...(isPruned && set !== undefined ? await planDeletions(server, documents, { ...options, set }) : []),
  ];
  let steps = await plan();
  const isDry = values.flag("dry-run");
  const deleted = steps.filter(({ outcome }) => outcome === "deleted");
  const isAsked = !isDry && deleted.length > 0;
  const isApproved =
    !isAsked ||
    (await isConfirmed(
      context,
      `Delete ${deleted.map(({ kind, id }) => `${kind} ${safe(id)}`).join(", ")}?`,
    ));
  if (isAsked && isApproved && !values.flag("yes")) {
    // The platform may have changed while the question was open: the answer is for the first plan alone.
    const planned = changesIn(steps);
    steps = await plan();
    if (changesIn(steps) !== planned)
      throw nothingApplied("The platform changed while the question was open.", {
        next: ["Run the command again to see the present changes."],
      });
  }
  if (isApproved && !isDry) await change(steps);
  return {
    json: {
      dryRun: isDry,
      ...(set !== undefined && { set }),
      applied: steps.map(({ fileName, kind, id, outcome, differences, drift, ...step }) => ({
        file: fileName,
        kind,
        id,
        outcome,
        differences,
        ...(drift !== undefined && { drift }),
        ...(step.liveRuns !== undefined && { liveRuns: step.liveRuns }),
        ...(mayAffect({ outcome, live: step.live }) && { live: step.live }),
        ...(step.staysPaused === true && { staysPaused: true }),
        ...(step.problems !== undefined && { problems: step.problems }),
      })),
    },
    quiet: steps.map(({ kind, id, outcome }) => `${kind}/${id} ${outcome}`),
    draw: () => {
      if (!isApproved) return;
      drawSteps(context, steps);
      noteWarnings(context, warnings);
      if (skipped.length > 0)
        print.note(`Skipped JSON files without Tutti resources: ${skipped.map(safe).join(", ")}.`);
      if (isDry) print.note("Dry run: nothing was changed.");
    },
    ...(isApproved ? {} : { exitCode: exitCodes.refused }),
  };
}

/** Returns the server with the namespace of the environment, if the command sets no namespace. */
function withNamespace(server: Server, { values }: Context, namespace: string | undefined): Server {
  return namespace === undefined || values.text("namespace") !== undefined
    ? server
    : { ...server, namespace: { namespace } };
}

const tones = { created: "green", updated: "green", unchanged: "dim", deleted: "red" } as const;

function drawSteps({ print, shell }: Context, steps: readonly Step[]): void {
  print.table(
    [{ title: "file" }, { title: "kind" }, { title: "id" }, { title: "change" }],
    steps.map(({ fileName, kind, id, outcome }) => [
      { text: fileName, tone: "dim" },
      kind,
      { text: id, tone: "bold" },
      { text: outcome, tone: tones[outcome] },
    ]),
  );
  for (const { kind, id, outcome, differences, drift, liveRuns, live = [], staysPaused } of steps) {
    const name = `${kind} ${safe(id)}`;
    if (drift !== undefined) print.note(`${name}: ${driftText(drift, shell.nowMs())}`);
    if (outcome === "updated")
      for (const difference of differences) print.line(`${name}  ${safe(differenceText(difference))}`);
    const affected = live.map(({ what, count }) => `${safe(what)} ${count}`);
    if (affected.length > 0 && outcome !== "unchanged" && liveRuns === undefined)
      print.note(`${name} affects: ${affected.join(", ")}.`);
    if (staysPaused === true)
      print.note(`${name} is paused, and stays paused. Resume it with \`tutti ${kind} resume ${safe(id)}\`.`);
    if (liveRuns !== undefined && liveRuns > 0)
      print.note(
        `${name}: ${counted(liveRuns, "active run")} ${liveRuns === 1 ? "stays" : "stay"} on ${liveRuns === 1 ? "its" : "their"} version. Move with \`tutti workflow migrate ${safe(id)}\`.`,
      );
  }
  for (const { kind, id, problems = [] } of steps)
    for (const problem of problems) print.note(`${kind} ${safe(id)}: ${problem}`);
  const changes = steps.filter(({ outcome }) => outcome === "updated" || outcome === "deleted");
  if (changes.length > 0 && changes.every(({ live }) => live?.length === 0))
    print.note("No running work is affected.");
}

/** Whether the output lists affected work. Of new resources, only a hook affects existing tasks. */
function mayAffect({ outcome, live }: Pick<Step, "outcome" | "live">): boolean {
  if (live === undefined || outcome === "unchanged") return false;
  return outcome !== "created" || live.length > 0;
}

function driftText({ actor, reason, timeMs }: Drift, nowMs: number): string {
  const by = actor === undefined ? "" : ` by ${safe(actorText(actor))}`;
  const when = timeMs === undefined ? "" : `, ${printAge(timeMs, nowMs)}`;
  return `changed on the platform since the last apply${by}${when}${reason ? `: ${safe(reason)}` : ""}`;
}

/** Returns the changes of a plan, to compare it with another plan. */
function changesIn(steps: readonly Step[]): string {
  return JSON.stringify(
    steps.map(({ kind, id, outcome, differences, drift }) => ({ kind, id, outcome, differences, drift })),
  );
}

async function change(steps: readonly Step[]): Promise<void> {
  const changed: string[] = [];
  for (const { kind, id, fileName, outcome, write } of steps) {
    if (outcome === "unchanged") continue;
    try {
      await write();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Applied again, the command changes the rest.
      throw new Failure(`${fileName}: ${kind} \`${id}\`: ${error.message}`, {
        why: [
          ...error.why,
          changed.length === 0 ? "Nothing was changed." : `Changed before: ${changed.join(", ")}.`,
        ],
        next: error.next,
        exitCode: error.exitCode,
        code: error.code,
        cause: error,
      });
    }
    changed.push(`${kind} ${id}`);
  }
}
