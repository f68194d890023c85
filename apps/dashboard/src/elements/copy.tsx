import { useState } from "react";
import { after } from "../effects/time.ts";
import { withNpx } from "./spelled.ts";

/** Copies a text. If the browser offers no clipboard, the text is selected so that the user can copy it. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      after(1_600, () => setCopied(false));
    } catch {
      window.prompt(`Copy ${label}`, text);
    }
  };
  return (
    <button type="button" className="copy" onClick={() => void copy()} aria-label={`Copy ${label}`}>
      <span aria-live="polite">{copied ? "copied" : "copy"}</span>
    </button>
  );
}

/** A line to copy: its label, the line itself, and the button. */
export function CopyLine({ label, text }: { label: string; text: string }) {
  const line = withNpx(text);
  return (
    <div className="copy-line">
      <span className="copy-label">{label}</span>
      <code>{line}</code>
      <Copy text={line} label={label} />
    </div>
  );
}

/** A command in a sentence, with the button that copies it. Nothing if it is empty. */
export function Command({ text }: { text: string }) {
  if (text === "") return null;
  const command = withNpx(text);
  return (
    <>
      {" "}
      <code>{command}</code> <Copy text={command} label="the command" />
    </>
  );
}
