import type { ReactNode } from "react";
import type { PageError } from "../../data/send.ts";
import { Failure, Part } from "../../elements/parts.tsx";
import type { Call } from "../../elements/spelled.ts";
import { Spelled } from "../../elements/spelled-popover.tsx";

/** What a draft would change, listed when it is asked for. What was listed of an earlier text is still shown, and said to be that. */
export function ImpactFrame(options: {
  /** How much was looked at. Undefined where nothing was yet. */
  looked: string | undefined;
  /** Whether what is listed is of the text as it is now. */
  isOfNow: boolean;
  /** Whether to list it is the next thing to do. */
  isMain: boolean;
  isReady: boolean;
  isBusy: boolean;
  failure: PageError | undefined;
  call: Call;
  command: string;
  onLook: () => void;
  /** What will be looked at. */
  about: string;
  /** What was found. Undefined where nothing was looked at yet. */
  found: ReactNode | undefined;
}) {
  const { looked, isOfNow, isMain, isReady, isBusy, failure, call, command, onLook, about, found } = options;
  const label = "Show impact";
  return (
    <Part
      title="Impact"
      aside={looked === undefined ? "not shown yet" : isOfNow ? looked : "of an earlier version of the text"}
    >
      <div className="editor-acts">
        <span className={isMain ? "action main" : "action plain"}>
          <button
            type="button"
            className="press"
            disabled={!isReady || isBusy}
            aria-busy={isBusy}
            onClick={onLook}
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
