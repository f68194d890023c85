import { useState } from "react";
import { Dialog } from "../../elements/dialog.tsx";
import { externalValueOf } from "../../run/json/external-value.ts";
import { ValueView } from "../../run/json/value-view.tsx";
import { inLine } from "./mission.ts";

/** A value in one line. It opens in full. */
export function ValueLine({ value, label }: { value: unknown; label: string }) {
  const [isOpen, setOpen] = useState(false);
  const isExternal = externalValueOf(value) !== undefined;
  return (
    <>
      <button type="button" className="value-line" onClick={() => setOpen(true)}>
        <code className="clipped">
          <span className="unseen">Open {label}: </span>
          {isExternal ? "stored separately" : inLine(value)}
        </code>
      </button>
      <Dialog title={label} open={isOpen} onClose={() => setOpen(false)} wide>
        <ValueView value={value} label={label} />
      </Dialog>
    </>
  );
}
