import type { Failure } from "../model/facts.ts";

/** What went wrong, in its own words, with what caused it. */
export function Failing({ failure }: { failure: Failure }) {
  const { code, message, details, cause } = failure;
  const known = Object.entries(details);
  return (
    <div className="failure tone-wrong run-failing">
      <p className="failure-title">{message === "" ? code : message}</p>
      {message === "" ? null : (
        <p className="small">
          <code>{code}</code>
          {known.map(([name, value]) => ` · ${name}: ${value}`).join("")}
        </p>
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
