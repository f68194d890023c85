import { type Json, objectOf, scopeOf, types } from "@tutti/expressions";
import type { Environment } from "../check/environment.ts";
import type { AgentDocument, Condition, HandoffDocument } from "../language/document.ts";
import type { Path } from "../problem.ts";
import type { Building, Draft } from "./building.ts";
import type { TaskPrograms } from "./task-programs.ts";

const scopes = {
  call: scopeOf({ call: objectOf({ name: types.string, input: types.dyn }) }),
  prompt: scopeOf({ prompt: types.dyn }),
  output: scopeOf({ output: types.dyn }),
};

/** Returns the program of an agent's input. Its conditions are texts: they are evaluated for each call of a tool. */
export function agentInput(
  draft: Draft,
  document: AgentDocument,
  environment: Environment,
  { building, programs }: { readonly building: Building; readonly programs: TaskPrograms },
): number {
  const path = [...draft.path, "agent"];
  const condition = (source: Condition | undefined, scope: keyof typeof scopes, place: Path) => {
    if (source === undefined) return undefined;
    building.programs.checks(source, scopes[scope], place);
    return typeof source === "string" ? bare(source) : source;
  };
  const part = (settings: AgentDocument | HandoffDocument, place: Path) => ({
    ...settings,
    approve: condition(settings.approve, "call", [...place, "approve"]),
    deny: condition(settings.deny, "call", [...place, "deny"]),
  });
  const { guard, handoffs } = document;
  const input = {
    ...part(document, path),
    ...(handoffs !== undefined && {
      handoffs: Object.fromEntries(
        Object.entries(handoffs).map(([name, handoff]) => [name, part(handoff, [...path, "handoffs", name])]),
      ),
    }),
    ...(guard !== undefined && {
      guard: {
        ...guard,
        input: condition(guard.input, "prompt", [...path, "guard", "input"]),
        output: condition(guard.output, "output", [...path, "guard", "output"]),
      },
    }),
  };
  return programs.data(draft, withoutGaps(input), environment, path);
}

/** Returns a condition without `${{ }}`. */
function bare(source: string): string {
  return /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(source)?.[1]?.trim() ?? source;
}

function withoutGaps(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
