import { useApp, useTitle } from "../stores/context.ts";

export function NotFoundPage() {
  const { t } = useApp();
  useTitle(t("notFound.title"));
  return (
    <>
      <h1>{t("notFound.title")}</h1>
      <p>
        <a href="/incidents">{t("nav.incidents")}</a>
      </p>
    </>
  );
}
