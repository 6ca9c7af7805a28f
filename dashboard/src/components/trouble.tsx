/** What went wrong, and what can be done about it. */
import type { Failure } from "../api/call.ts";
import { useApp } from "../stores/context.ts";
import { missingRoles } from "../view/needed-roles.ts";

export function Trouble({ failure, onRetry }: { failure: Failure | null; onRetry?: () => void }) {
  const { t } = useApp();
  if (failure === null) return null;
  return (
    <div class="trouble" role="alert">
      <FailureText failure={failure} />
      {onRetry && (
        <button type="button" class="button" onClick={onRetry}>
          {t("action.retryFetch")}
        </button>
      )}
    </div>
  );
}

function FailureText({ failure }: { failure: Failure }) {
  const { t, me } = useApp();
  switch (failure.kind) {
    case "unreachable":
      return <p>{t("failure.unreachable")}</p>;
    case "unauthorized":
      return <p>{t("failure.unauthorized")}</p>;
    case "forbidden": {
      const roles = me.data.value?.roles ?? [];
      const missing = missingRoles(failure.needs, roles);
      return (
        <p>
          {missing.length === 0
            ? t("failure.forbidden")
            : t("failure.missingRole", { roles: missing.join(` ${t("word.or")} `) })}{" "}
          {t("failure.yourRoles", { roles: roles.join(", ") || t("failure.noRoles") })}{" "}
          <span class="untrusted">{failure.message}</span>
        </p>
      );
    }
    case "refused":
      return (
        <p>
          <span class="untrusted">{failure.error.message}</span>
          {failure.error.field && <code class="untrusted"> {failure.error.field}</code>}{" "}
          <small>
            {failure.error.code} {failure.error.request_id}
          </small>
        </p>
      );
    case "malformed":
      return (
        <p>
          {t("failure.malformed")} <code class="untrusted">{failure.where}</code>
        </p>
      );
    default:
      return failure satisfies never;
  }
}
