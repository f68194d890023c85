import { useSyncExternalStore } from "react";
import { chooseTheme, currentTheme, subscribeTheme } from "../effects/theme.ts";

/** Light, dark, or as the system says. */
export function ThemeSwitch() {
  const theme = useSyncExternalStore(subscribeTheme, currentTheme);
  return (
    <fieldset className="theme-switch">
      <legend className="unseen">Colours</legend>
      {(["system", "light", "dark"] as const).map((choice) => (
        <label key={choice} title={choice === "system" ? "as the system says" : choice}>
          <input type="radio" name="theme" checked={theme === choice} onChange={() => chooseTheme(choice)} />
          <span>{choice === "system" ? "auto" : choice}</span>
        </label>
      ))}
    </fieldset>
  );
}
