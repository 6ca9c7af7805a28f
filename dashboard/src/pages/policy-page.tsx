/** The policy: the kill switch first, then the whole document as a form, then who changed what and why. */
import { useSignalEffect } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Policy } from "../../../src/contract/policy.ts";
import { StormBanner } from "../components/fleet-incidents.tsx";
import { KillSwitch } from "../components/kill-switch.tsx";
import { Loaded } from "../components/loaded.tsx";
import { PolicyForm } from "../components/policy-form.tsx";
import { PolicyHistory } from "../components/policy-history.tsx";
import { PolicySave } from "../components/policy-save.tsx";
import { Time } from "../components/time.tsx";
import { useApp, useTitle } from "../stores/context.ts";
import { createPolicyDraft } from "../stores/policy-draft.ts";

export function PolicyPage() {
  const { t, policy } = useApp();
  useTitle(t("nav.policy"));
  return (
    <>
      <h1>{t("nav.policy")}</h1>
      <StormBanner />
      <Loaded of={policy}>{(value) => <Editor policy={value} />}</Loaded>
    </>
  );
}

function Editor({ policy }: { policy: Policy }) {
  const app = useApp();
  const { t } = app;
  // Made once: the draft outlives new revisions; it is told about them below
  const draft = useMemo(() => createPolicyDraft(policy), []);
  useSignalEffect(() => {
    if (app.policy.data.value) draft.seen(app.policy.data.value);
  });
  return (
    <>
      <KillSwitch engaged={policy.document.kill_switch} />
      <p class="revision">
        {t("policy.revision", { n: String(policy.revision) })}{" "}
        <span class="untrusted">{policy.updated_by}</span> <Time at={policy.updated_at} />{" "}
        <q class="untrusted">{policy.reason}</q>
      </p>
      {policy.document.mode === "shadow" && (
        <p>
          <a href="/shadow">{t("shadow.link")}</a>
        </p>
      )}
      <PolicyForm draft={draft} />
      <PolicySave draft={draft} />
      <PolicyHistory />
    </>
  );
}
