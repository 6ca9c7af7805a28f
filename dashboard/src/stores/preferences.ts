/** Language and colours, remembered on this device and shown on the document element. */
import { effect, signal } from "@preact/signals";
import { LANGUAGES, type Language } from "../i18n/i18n.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const LANGUAGE_KEY = "vigie.language";
const THEME_KEY = "vigie.theme";

export type Preferences = ReturnType<typeof createPreferences>;

export function createPreferences(
  storage: Pick<Storage, "getItem" | "setItem">,
  root: { lang: string; dataset: DOMStringMap },
  spoken: readonly string[],
) {
  const language = signal<Language>(firstLanguage(storage.getItem(LANGUAGE_KEY), spoken));
  const theme = signal<Theme>(THEMES.find((t) => t === storage.getItem(THEME_KEY)) ?? "system");
  effect(() => {
    root.lang = language.value;
    storage.setItem(LANGUAGE_KEY, language.value);
  });
  effect(() => {
    root.dataset.theme = theme.value;
    storage.setItem(THEME_KEY, theme.value);
  });
  return { language, theme };
}

/** The stored choice, else the first of the browser's languages that there is a dictionary for, else English. */
export function firstLanguage(stored: string | null, spoken: readonly string[]): Language {
  const wanted = [stored ?? "", ...spoken].map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.map((tag) => LANGUAGES.find((l) => l === tag)).find((l) => l !== undefined) ?? "en";
}
