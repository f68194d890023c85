import type { ReactNode } from "react";
import type { PageError } from "../../data/send.ts";
import { Failure, Part } from "../../elements/parts.tsx";
import type { Call } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";

/** The impact of a draft, listed on request. The impact of an earlier text remains visible and is marked as such. */
export function ImpactFrame(options: {
  /** Number of evaluated items. Undefined before the first evaluation. */
  evaluated: string | undefined;
  /** True if the listed impact belongs to the current text. */
  isOfNow: boolean;
  /** True if listing the impact is the primary action. */
  isMain: boolean;
  isReady: boolean;
  isBusy: boolean;
  failure: PageError | undefined;
  call: Call;
  command: string;
  onPreview: () => void;
  /** Describes the items to evaluate. */
  about: string;
  /** The impact. Undefined before the first evaluation. */
  found: ReactNode | undefined;
}) {
  const { evaluated, isOfNow, isMain, isReady, isBusy, failure, call, command, onPreview, about, found } =
    options;
  const label = "Show impact";
  return (
    <Part
      title="Impact"
      aside={
        evaluated === undefined ? "not shown yet" : isOfNow ? evaluated : "of an earlier version of the text"
      }
    >
      <div className="editor-acts">
        <span className={isMain ? "action main" : "action plain"}>
          <button
            type="button"
            className="press"
            disabled={!isReady || isBusy}
            aria-busy={isBusy}
            onClick={onPreview}
          >
            {label}
          </button>
          <Spelled label={label} call={call} command={command} />
        </span>
      </div>
      <div aria-live="polite">
        {failure === undefined ? null : (
          <Failure title="Impact not available" message={failure.message} code={failure.code} />
        )}
        {found === undefined ? (
          <p className="small soft">{about}</p>
        ) : (
          <div className={isOfNow ? undefined : "earlier"}>{found}</div>
        )}
      </div>
    </Part>
  );
}
