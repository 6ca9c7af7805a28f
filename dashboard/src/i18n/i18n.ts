/** Words of the interface. A key that one language lacks does not compile. */
import { en, type Key } from "./en.ts";
import { fr } from "./fr.ts";
import { frenchSpaces } from "./french-spaces.ts";

export const LANGUAGES = ["en", "fr"] as const;
export type Language = (typeof LANGUAGES)[number];
export type { Key };
export type Translate = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

const DICTIONARIES: Record<Language, Readonly<Record<Key, string>>> = { en, fr: frenchSpaces(fr) };

/** Made once: a formatter is dear, and a table shows many numbers. */
const NUMBERS: Record<Language, Intl.NumberFormat> = {
  en: new Intl.NumberFormat("en"),
  fr: new Intl.NumberFormat("fr"),
};

/**
 * Makes the translator of a language. `{name}` in a text is replaced by the value of that name; a number is a quantity, and
 * written as the language does.
 * @param language read at each call, so that a view that shows a text follows a change of language
 */
export function createTranslate(language: () => Language): Translate {
  return (key, values = {}) => {
    const spoken = language();
    return DICTIONARIES[spoken][key].replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name] ?? whole;
      return typeof value === "number" ? NUMBERS[spoken].format(value) : value;
    });
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
