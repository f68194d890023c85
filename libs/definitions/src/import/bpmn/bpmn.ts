/**
 * Imports a process of BPMN 2.0. Each node becomes a state of a workflow, and the variable `data` has the variables of
 * the process. Branches of parallel and inclusive gateways become a workflow of their own, which a state runs once for
 * each branch. So do subprocesses.
 *
 * A node with a construct that would change its behavior is not translated: the run fails there.
 */

import { ForeignXml } from "../foreign-xml.ts";
import { type Imported, NotImported, nameFromCamelCase } from "../imported.ts";
import { Scope, type Shared } from "./machine.ts";
import { NodeStates } from "./nodes.ts";

const defaults = {
  completionQuantity: "1",
  startQuantity: "1",
  isForCompensation: "false",
  isInterrupting: "true",
  parallelMultiple: "false",
  triggeredByEvent: "false",
  isExecutable: "true",
  isClosed: "false",
  isImmediate: "true",
  processType: "None",
  gatewayDirection: "Unspecified",
};

/** Lists all metadata of the root element as one line. */
function reportOrigin({ root, collector }: ForeignXml): void {
  const unread = [...root.attributes.values()].filter(({ isRead }) => !isRead);
  for (const attribute of unread) attribute.isRead = true;
  const lines = new Set(unread.map(({ line }) => line));
  for (const line of lines)
    collector.report(line, "definitions", {
      bookkeeping: "it names schemas and the editor of the file",
    });
}

export function importBpmn(text: string, file = "process"): Imported {
  const source = new ForeignXml(text, defaults);
  const { root, collector } = source;
  const processes = root.all("process");
  if (root.name !== "definitions" || processes.length === 0)
    throw new NotImported("it has no `definitions` with a `process`");
  const [base = ""] = (file.split("/").at(-1) ?? "").split(".");
  const named = processes.map((process) => {
    const proposed = process.attribute("name") || process.attribute("id") || base;
    return [
      process.peek("id"),
      { process, workflow: collector.freeName(nameFromCamelCase(proposed)) },
    ] as const;
  });
  const shared: Shared = {
    source,
    named: new Map(
      root.all("message", "signal", "error", "escalation").map((each) => [each.peek("id"), each]),
    ),
    workflows: new Map(named),
    listed: new Set(),
    stateOf: (machine, node) => new NodeStates(machine, node).build(),
  };
  const scopes = named.map(([, { process, workflow }]) => ({
    process,
    scope: new Scope(shared, process, workflow),
  }));
  // A pool of a partner, whose process is not modelled, has an empty process.
  const hasContent = scopes.some(({ scope }) => scope.nodes.size > 0);
  for (const { process, scope } of scopes)
    if (scope.nodes.size > 0 || !hasContent) scope.add();
    else source.report(process, scope.name, "the process has no content");
  reportOrigin(source);
  for (const each of root.all("BPMNDiagram"))
    source.report(each, "BPMNDiagram", { bookkeeping: "it is the drawing of the process" });
  return source.finish();
}
