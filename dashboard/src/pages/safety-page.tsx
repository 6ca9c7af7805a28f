/** Everything that stops or undoes: the kill switch, what the guard holds back, and actions over the whole fleet. */
import { EmergencyCard } from "../components/emergency/emergency-card.tsx";
import { EmergencyForm } from "../components/emergency/emergency-form.tsx";
import { GuardCard } from "../components/emergency/guard-card.tsx";
import { StormBanner } from "../components/fleet-incidents.tsx";
import { KillSwitch } from "../components/kill-switch.tsx";
import { Empty, Loaded } from "../components/loaded.tsx";
import { useApp, useResource, useTitle } from "../stores/context.ts";

/** A taking-back goes on by waves, which nobody announces. */
const REFRESH_MS = 5_000;

export function SafetyPage() {
  const { api, policy, t } = useApp();
  const guard = useResource("guard", api.guard, { topics: ["policy", "incidents"], everyMs: 15_000 });
  const actions = useResource("emergencies", api.emergencies, { topics: ["attempts"], everyMs: REFRESH_MS });
  useTitle(t("nav.safety"));
  const refresh = () => {
    void actions.refetch();
    void guard.refetch();
  };
  return (
    <>
      <h1>{t("nav.safety")}</h1>
      <StormBanner />
      <Loaded of={policy}>{({ document }) => <KillSwitch engaged={document.kill_switch} />}</Loaded>
      <Loaded of={guard}>{(value) => <GuardCard guard={value} onChanged={guard.put} />}</Loaded>
      <EmergencyForm onPlanned={refresh} />
      <section aria-labelledby="emergencies">
        <h2 id="emergencies">{t("emergency.list")}</h2>
        <Loaded of={actions}>
          {({ items }) => (
            <>
              {items.length === 0 && <Empty>{t("emergency.none")}</Empty>}
              {items.map((emergency) => (
                <EmergencyCard key={emergency.id} emergency={emergency} onChanged={refresh} />
              ))}
            </>
          )}
        </Loaded>
      </section>
    </>
  );
}
