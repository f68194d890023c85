/** Light or dark: what the system says, until somebody chooses by hand; the choice is kept in this browser. */

export type Theme = "system" | "light" | "dark";

const key = "tutti.theme";
const themes: readonly Theme[] = ["system", "light", "dark"];
const listeners = new Set<() => void>();

export function currentTheme(): Theme {
  const kept = window.localStorage.getItem(key);
  return themes.find((theme) => theme === kept) ?? "system";
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") window.localStorage.removeItem(key);
  else window.localStorage.setItem(key, theme);
  applyTheme();
  for (const listen of listeners) listen();
}

/** The one after the current: system, light, dark, and around. */
export function nextTheme(): Theme {
  return themes[(themes.indexOf(currentTheme()) + 1) % themes.length] ?? "system";
}

export function applyTheme(): void {
  const theme = currentTheme();
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

/** Told when colours are other than before, by hand or by the system: what paints on a canvas paints anew. */
export function subscribeTheme(listener: () => void): () => void {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  listeners.add(listener);
  system.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener("change", listener);
  };
}

/** A token as a colour that a canvas understands. */
export function colourOf(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
