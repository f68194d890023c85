import type { Budget } from "@tutti/rest/types";
import { Part } from "../../elements/parts.tsx";
import { type BudgetLine, budgetLines, budgetWords } from "./mission.ts";

/**
 * What the mission may use up: used, set aside and left, as bars and in numbers. Nothing where there is no limit and no
 * use.
 */
export function BudgetPart({ budget }: { budget: Budget | undefined }) {
  const lines = budgetLines(budget);
  if (lines.length === 0) return null;
  return (
    <Part title="Budget">
      <dl className="budget">
        {lines.map((line) => (
          <div key={line.name}>
            <dt>{line.name}</dt>
            <dd>
              <Bar line={line} />
              {budgetWords(line)}
            </dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}

/** The words beside say the same. */
function Bar({ line: { limit, used, reserved } }: { line: BudgetLine }) {
  if (limit === undefined) return null;
  const width = (amount: number) => ({ width: `${Math.min(100, (amount / limit) * 100)}%` });
  return (
    <span className="budget-bar" aria-hidden="true">
      <span className="tone-playing" style={width(used)} />
      <span className="budget-aside tone-playing" style={width(reserved)} />
    </span>
  );
}
