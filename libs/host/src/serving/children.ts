/** Reports of children to the runs and missions that started them. */
import type { DefinitionReference, Outcome, Payload, WorkStatus } from "@tutti/contracts/types/v1";
import type { RunEnding } from "@tutti/contracts/workflow/v1";

/** A child as requested by a machine. */
interface ChildRequest {
  readonly definition: string;
  readonly hash: string;
  readonly label: string;
  readonly input: Uint8Array | Payload | undefined;
}

/** The hash counts if both are known. */
export function definitionOf({ definition, hash, label }: ChildRequest): DefinitionReference {
  const version: DefinitionReference["version"] =
    hash !== ""
      ? { $case: "hash", value: hash }
      : label !== ""
        ? { $case: "label", value: label }
        : undefined;
  return { name: definition, version };
}

export function inputOf({ input }: Pick<ChildRequest, "input">): Payload | undefined {
  return input instanceof Uint8Array ? { body: { $case: "inline", value: input }, mediaType: "" } : input;
}

/** Priority of started work, which has narrower bounds than the sum of work and task. */
export function priorityOf({ facts }: { readonly facts: { readonly priority: number } }): number {
  return Math.max(-100, Math.min(100, facts.priority));
}

/** Returns the outcome of a child for its parent. Undefined while it continues. */
export function endingOf(
  runId: string,
  status: WorkStatus,
  outcome: Outcome | undefined,
): RunEnding | undefined {
  const { result } = outcome ?? {};
  if (result === undefined) return undefined;
  const ending = { runId, status, output: noBytes, outputPayload: undefined, error: undefined };
  switch (result.$case) {
    case "completed":
      return { ...ending, outputPayload: result.value };
    case "continued":
      return ending;
    default:
      return { ...ending, error: result.value };
  }
}

const noBytes = new Uint8Array(0);
