import type { Problem } from "@tutti/rest/types";
import { counted } from "../../elements/moments.ts";
import { Failure, Part } from "../../elements/parts.tsx";
import { Problems } from "../../elements/source-area.tsx";
import type { Checked } from "./use-checked.ts";

/** The problems of the current draft. */
export function CheckPart(options: {
  checked: Checked;
  /** The message for a draft without problems. */
  good: string;
  /** Moves to the place of a problem in the text, if problems have places. */
  onSelect?: (problem: Problem) => void;
  /** Number of problems that block the draft. Default: all. */
  wrong?: number;
}) {
  const { checked, good, onSelect } = options;
  const { problems, failure } = checked;
  const found = problems ?? [];
  const wrong = options.wrong ?? found.length;
  return (
    <Part
      title="Check"
      aside={problems === undefined ? "…" : wrong === 0 ? "no problems" : counted(wrong, "problem")}
    >
      {failure === undefined ? (
        <Problems problems={found} isChecked={problems !== undefined} good={good} onSelect={onSelect} />
      ) : (
        <Failure title="Check failed" message={failure.message} code={failure.code} />
      )}
    </Part>
  );
}
