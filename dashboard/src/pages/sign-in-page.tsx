/** Shown without an accepted token: says why, and takes one. */
import { useSignal } from "@preact/signals";
import { TextField } from "../components/field.tsx";
import { PreferenceSwitches } from "../components/preference-switches.tsx";
import { useApp, useTitle } from "../stores/context.ts";
import { isTokenShaped } from "../stores/session.ts";

export function SignInPage() {
  const { t, session } = useApp();
  const token = useSignal("");
  const isWrong = useSignal(false);
  const reason = session.signedOut.value;
  useTitle(t("signIn.title"));
  return (
    <div class="frame sign-in">
      <header class="topbar">
        <span class="brand">Vigie</span>
        <div class="topbar-tools">
          <PreferenceSwitches />
        </div>
      </header>
      <main id="main">
        <div class="card">
          <h1>{t("signIn.title")}</h1>
          {reason.because === "refused" && (
            <div class="trouble" role="alert">
              <p>
                {t("signIn.refused")} <span class="untrusted">{reason.message}</span>
              </p>
            </div>
          )}
          {reason.because === "signed-out" && <p role="status">{t("signIn.signedOut")}</p>}
          <p>{t("signIn.explain")}</p>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const text = token.value.trim();
              isWrong.value = !isTokenShaped(text);
              if (!isWrong.value) session.signIn(text);
            }}
          >
            <TextField
              label={t("signIn.token")}
              hint={t("signIn.hint")}
              type="password"
              message={isWrong.value ? t("signIn.notAToken") : undefined}
              value={token.value}
              testId="token"
              onInput={(text) => {
                token.value = text;
              }}
            />
            <div class="buttons">
              <button type="submit" class="button primary">
                {t("signIn.submit")}
              </button>
            </div>
          </form>
        </div>
      </main>
    </div>
  );
}
