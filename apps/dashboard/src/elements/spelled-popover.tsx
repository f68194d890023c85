import { useId, useRef } from "react";
import { commandIn, pathIn } from "../data/in-namespace.ts";
import { currentNamespace } from "../effects/namespace.ts";
import { CopyLine } from "./copy.tsx";
import { type Call, curlOf } from "./spelled.ts";

/** Shows the action of a button as a REST call and as a CLI command, each with a copy button. */
export function Spelled({
  label,
  call,
  command,
  lack,
}: {
  label: string;
  call: Call;
  command: string | undefined;
  /** Reason why the action is forbidden. Undefined if it is permitted. */
  lack?: string | undefined;
}) {
  const id = useId();
  const namespace = currentNamespace();
  const opener = useRef<HTMLButtonElement>(null);
  const bubble = useRef<HTMLDivElement>(null);
  // Positioned by code, because the top layer does not know the opener, and the popover must stay inside the window.
  const place = () => {
    const from = opener.current?.getBoundingClientRect();
    const target = bubble.current;
    if (from === undefined || target === null || !target.matches(":popover-open")) return;
    const { offsetWidth: width, offsetHeight: height } = target;
    const below = from.bottom + 6;
    const top = below + height > window.innerHeight - 8 ? Math.max(8, from.top - height - 6) : below;
    target.style.left = `${Math.max(8, Math.min(from.right - width, window.innerWidth - width - 8))}px`;
    target.style.top = `${top}px`;
  };
  return (
    <>
      <button
        ref={opener}
        type="button"
        className="spell"
        popoverTarget={id}
        aria-label={
          lack === undefined ? `${label}: REST call and CLI command` : `${label}: missing permission`
        }
        title={lack === undefined ? "REST call and CLI command" : "Missing permission"}
      >
        <span aria-hidden="true">{lack === undefined ? ">_" : "?"}</span>
      </button>
      <div ref={bubble} id={id} popover="auto" className="bubble" onToggle={place}>
        {lack === undefined ? null : <p className="bubble-lack">{lack}</p>}
        <p className="bubble-title">{label}: REST call and CLI command</p>
        {command === undefined ? null : <CopyLine label="command" text={commandIn(namespace, command)} />}
        <CopyLine
          label="call"
          text={curlOf({ ...call, path: pathIn(namespace, call.path) }, window.location.origin)}
        />
      </div>
    </>
  );
}
