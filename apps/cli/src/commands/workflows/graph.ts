import type { Graph } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { usageFailure } from "../../command/failure.ts";
import { readInput } from "../../command/input.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { drawWorkflow, type WorkflowView } from "../../drawing/workflow-frame.ts";
import { isFileName, readDefinition } from "../../local/definition-file.ts";
import { connect } from "../../server/server.ts";
import { drawProblem } from "../../terminal/problems.ts";
import { definitionNamed } from "../definition.ts";

/** Draws the workflow of a file, or a registered one. The durations are from the definition. */
export async function graph(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const target = values.argument("FILE|NAME");
  const view = isFileName(target, shell) ? await ofFile(context, target) : await ofName(context, target);
  if (!("nodes" in view)) return view;
  return {
    json: view,
    draw: () => {
      print.lines(drawWorkflow(view, print));
    },
  };
}

async function ofFile({ shell, print, values }: Context, target: string): Promise<WorkflowView | Outcome> {
  const file = await readDefinition(target, shell);
  const parameters = await readInput(values.texts("parameter"), shell, "the parameters");
  const { checkFile, graphView, parametersMissing } = await import("../../local/check.ts");
  const { definition, problems } = checkFile(file, parameters);
  if (definition === undefined) {
    const page = { style: print.errorStyle, width: print.errorWidth };
    const draw = () => {
      for (const problem of problems) print.errorLines([...drawProblem(problem, file.text, page), ""]);
    };
    return { json: { problems }, draw, exitCode: exitCodes.failed };
  }
  const missing = parametersMissing(definition);
  if (missing !== undefined)
    throw usageFailure(`${target} is a template. Set its parameters to draw the graph`, [
      `Its parameters: ${missing.join(", ")}. Set them with -p NAME=VALUE.`,
    ]);
  return graphView(definition);
}

async function ofName(context: Context, target: string): Promise<WorkflowView> {
  const server = await connect(context);
  const { name, ...version } = definitionNamed(target);
  const found: Graph = await server.call("workflows.graph", {
    params: { name },
    query: { ...server.namespace, ...version },
  });
  return {
    name: target,
    nodes: found.nodes.map((node) => ({
      id: node.taskId ?? "",
      title: node.title ?? "",
      kind: node.kind,
      uses: node.uses ?? "",
      needs: node.needs.map(({ task = "" }) => task),
      backTo: node.backTo,
      expectedMs: node.expectedMs ?? 0,
      forEach: node.forEach ?? false,
      compensated: node.compensated ?? false,
    })),
    criticalPath: found.criticalPath,
    criticalPathMs: found.criticalPathMs ?? 0,
    workMs: found.workMs ?? 0,
    width: found.width ?? 1,
    depth: found.depth ?? 1,
  };
}
