import { useSyncExternalStore } from "react";
import { chooseTheme, currentTheme, nextTheme, subscribeTheme } from "../effects/theme.ts";
import { useIsNarrow } from "./use-is-narrow.ts";

const signs = { system: "◐", light: "○", dark: "●" } as const;

/** Light, dark, or as the system says. Where there is little room, one button that goes around. */
export function ThemeSwitch() {
  const theme = useSyncExternalStore(subscribeTheme, currentTheme);
  const isNarrow = useIsNarrow();
  if (isNarrow)
    return (
      <button
        type="button"
        className="press theme-round"
        onClick={() => chooseTheme(nextTheme())}
        aria-label={`Colours: ${theme}`}
      >
        {signs[theme]}
      </button>
    );
  return (
    <fieldset className="theme-switch">
      <legend className="unseen">Colours</legend>
      {(["system", "light", "dark"] as const).map((choice) => (
        <label key={choice} title={choice}>
          <input type="radio" name="theme" checked={theme === choice} onChange={() => chooseTheme(choice)} />
          <span>{choice === "system" ? "auto" : choice}</span>
        </label>
      ))}
    </fieldset>
  );
}
