import { capitalized } from "@tutti/kernel/words";
import { rejectionText } from "@tutti/rest/text";
import { InlineText } from "../../elements/markdown.tsx";
import type { Failure } from "../model/facts.ts";

/** Maximum length of details that are not folded. Longer ones are stacks or reports. */
const shortMax = 60;

/** An error with its own message, and its causes. */
export function Failing({ failure }: { failure: Failure }) {
  const { code, message, details, cause } = failure;
  const rejection = rejectionText(failure);
  const known = Object.entries(details).filter(([name]) => rejection === undefined || name === "task");
  const short = known.filter(([, value]) => value.length <= shortMax);
  const long = known.filter(([, value]) => value.length > shortMax);
  return (
    <div className="failure tone-wrong run-failing">
      <p className="failure-title">
        <InlineText text={rejection === undefined ? message || code : capitalized(rejection)} />
      </p>
      {message === "" ? null : (
        <p className="small">
          <code>{code}</code>
          {short.map(([name, value]) => ` · ${name}: ${value}`).join("")}
        </p>
      )}
      {long.length === 0 ? null : (
        <details>
          <summary>details</summary>
          {long.map(([name, value]) => (
            <p key={name} className="small run-detail">
              {name}: <code>{value}</code>
            </p>
          ))}
        </details>
      )}
      {cause === undefined ? null : (
        <details>
          <summary>caused by</summary>
          <Failing failure={cause} />
        </details>
      )}
    </div>
  );
}
