import { type ReactNode, useState } from "react";
import { Dialog } from "../../elements/dialog.tsx";
import { Part } from "../../elements/parts.tsx";

/** A list of versions. The user can roll back to one after a confirmation. */
export function VersionsFrame(options: {
  list: (onRollBack: (version: number) => void) => ReactNode;
  rollBack: (version: number, onDone: () => void) => ReactNode;
}) {
  const [target, setTarget] = useState<number | undefined>();
  const close = () => setTarget(undefined);
  return (
    <Part title="Versions">
      {options.list(setTarget)}
      <Dialog title={`Roll back to version ${target}?`} open={target !== undefined} onClose={close}>
        {options.rollBack(target ?? 0, close)}
      </Dialog>
    </Part>
  );
}

/** The end of a version's line: a mark for the current version, or a rollback button. */
export function VersionEnd({ isInForce, onRollBack }: { isInForce: boolean; onRollBack: () => void }) {
  return (
    <span className="listed-acts">
      {isInForce ? (
        <span className="small soft">in force</span>
      ) : (
        <button type="button" className="press" onClick={onRollBack}>
          Roll back …
        </button>
      )}
    </span>
  );
}
