import { useState } from "react";
import { Dialog } from "../../elements/dialog.tsx";
import { elsewhereOf } from "../../run/json/elsewhere.ts";
import { ValueView } from "../../run/json/value-view.tsx";
import { inLine } from "./mission.ts";

/** A value in one line. It opens in full. */
export function ValueLine({ value, what }: { value: unknown; what: string }) {
  const [isOpen, setOpen] = useState(false);
  const isElsewhere = elsewhereOf(value) !== undefined;
  return (
    <>
      <button type="button" className="value-line" onClick={() => setOpen(true)}>
        <code className="clipped">
          <span className="unseen">Open {what}: </span>
          {isElsewhere ? "stored separately" : inLine(value)}
        </code>
      </button>
      <Dialog title={what} open={isOpen} onClose={() => setOpen(false)} wide>
        <ValueView value={value} what={what} />
      </Dialog>
    </>
  );
}
