/** Words of the interface. A key that one language lacks does not compile. */
import { en, type Key } from "./en.ts";
import { fr } from "./fr.ts";

export const LANGUAGES = ["en", "fr"] as const;
export type Language = (typeof LANGUAGES)[number];
export type { Key };
export type Translate = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

const DICTIONARIES: Record<Language, Readonly<Record<Key, string>>> = { en, fr };

/**
 * Makes the translator of a language. `{name}` in a text is replaced by the value of that name.
 * @param language read at each call, so that a view that shows a text follows a change of language
 */
export function createTranslate(language: () => Language): Translate {
  return (key, values = {}) => {
    const text = DICTIONARIES[language()][key];
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  };
}

/** The key for a name that comes from the API, such as `severity.high`; null when there is no text for it. */
export function keyOf(prefix: string, name: string): Key | null {
  const key = `${prefix}.${name}`;
  return isKey(key) ? key : null;
}

function isKey(key: string): key is Key {
  return Object.hasOwn(en, key);
}
