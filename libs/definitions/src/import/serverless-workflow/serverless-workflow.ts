/**
 * Imports a workflow of Serverless Workflow 1.0. Tasks become states of one workflow, also those inside `do`, `for` and
 * `try`. The variable `data` is the data that passes from task to task, and `context` contains their exports. The
 * branches of `fork` become a workflow of their own, which the state runs once for each branch.
 *
 * A task with a construct that would change its behavior is not translated: the run fails there.
 */
import { ForeignDocument, membersIn, textIn } from "../foreign-document.ts";
import { type Imported, NotImported, nameFrom } from "../imported.ts";
import { States } from "./states.ts";
import { Task } from "./task.ts";
import { durationOf, workflowName } from "./values.ts";

export function importServerlessWorkflow(text: string): Imported {
  const source = new ForeignDocument(text);
  const { root, collector } = source;
  const about = membersIn(root, "document");
  const dsl = textIn(about, "dsl");
  if (!/^1\.0\.\d+$/.test(dsl)) throw new NotImported("its `document.dsl` is not 1.0");
  const [language, mode] = ["language", "mode"].map((key) => textIn(membersIn(root, "evaluate"), key));
  if (language !== "" && language !== "jq") throw new NotImported(`expressions in ${language} are not known`);
  if (mode !== "" && mode !== "strict")
    source.report(["evaluate", "mode"], `mode: ${mode}`, "a text is an expression only in `${ }`");
  const namespace = textIn(about, "namespace");
  const name = collector.freeName(workflowName(namespace, textIn(about, "name")));
  const names = {
    "$workflow.definition.document.name": JSON.stringify(textIn(about, "name")),
    "$workflow.definition.document.namespace": JSON.stringify(namespace),
    "$workflow.definition.document.version": JSON.stringify(textIn(about, "version")),
    "$workflow.id": "run.id",
    "$workflow.input": "dyn(input)",
    "$runtime.name": '"tutti"',
    $context: "vars.context",
  };
  const states = new States(source, name, new Set(), names, (options) => new Task(options).build());
  const tree = states.build(root);
  const parts = [textIn(about, "title"), textIn(about, "summary"), `Version ${textIn(about, "version")}`];
  const description = parts.filter((each) => each !== "").join(". ");
  const { workflow = name, ...rest } = tree;
  const summary = collector.truncate(description, 4000, source.lineOf(["document"]), "document.summary");
  collector.add({ workflow, description: summary, ...rest }, 1);
  addSchedule(source, name);
  return source.finish();
}

function addSchedule(source: ForeignDocument, workflow: string): void {
  const settings = membersIn(source.root, "schedule");
  const schedule = nameFrom(`${workflow}-schedule`);
  const line = source.lineOf(["schedule"]);
  // A start does not wait for the end of the run before it, other than with `after`.
  const overlap = "allow";
  if (typeof settings["cron"] === "string")
    source.collector.add({ schedule, workflow, cron: settings["cron"], timeZone: "UTC", overlap }, line);
  const every = settings["every"] === undefined ? undefined : durationOf(settings["every"]);
  if (every !== undefined) source.collector.add({ schedule, workflow, every, overlap }, line);
  for (const key of ["on", "after"])
    if (settings[key] !== undefined)
      source.report(["schedule", key], `schedule: ${key}`, "add a trigger for it");
}
