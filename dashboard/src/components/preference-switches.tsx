import { LANGUAGES } from "../i18n/i18n.ts";
import { useApp } from "../stores/context.ts";
import { THEMES } from "../stores/preferences.ts";

/** Language and colours. */
export function PreferenceSwitches() {
  const { preferences, t } = useApp();
  const { language, theme } = preferences;
  return (
    <>
      <select
        class="compact"
        aria-label={t("preference.language")}
        value={language.value}
        onChange={(event) => {
          const chosen = LANGUAGES.find((l) => l === event.currentTarget.value);
          if (chosen) language.value = chosen;
        }}
      >
        <option value="en">English</option>
        <option value="fr">Français</option>
      </select>
      <select
        class="compact"
        aria-label={t("preference.theme")}
        value={theme.value}
        onChange={(event) => {
          const chosen = THEMES.find((name) => name === event.currentTarget.value);
          if (chosen) theme.value = chosen;
        }}
      >
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {t(`theme.${name}`)}
          </option>
        ))}
      </select>
    </>
  );
}
